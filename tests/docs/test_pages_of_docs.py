"""README.md and the pages in docs/: how long the README is, and that its lists and figures agree with their sources."""

import re

import pytest
import typer

from lab.cli import app
from lab.drill import drills
from lab.lessons import Lesson, lessons
from tests.support.labs import ROOT
from tests.support.readmes import section, tokens

pytestmark = pytest.mark.quick

README = ROOT / "README.md"
DOCS = ROOT / "docs"
LESSONS = lessons(ROOT)
DRILLS = drills(ROOT)
# "5 minutes, with the exercise" or "10 minutes to read, 10 for the exercise".
TIME = re.compile(r"\*\*Time\*\*: ([^.]*)\.")


def cells(row: str) -> list[str]:
    """Return the cells of a table's row."""
    return [cell.strip() for cell in row.strip("| \n").split("|")]


def rows(text: str) -> list[list[str]]:
    """Return the rows of the tables in a text, without the lines below their heads."""
    lines = re.findall(r"^\|.*\|$", text, flags=re.MULTILINE)
    return [cells(line) for line in lines if not re.fullmatch(r"[|:\- ]+", line)]


def minutes(lesson: Lesson) -> int:
    """Return how many minutes a lesson takes with its exercise, from the line "**Time**" of its script."""
    script = (lesson.folder / "run.py").read_text(encoding="utf-8")
    return sum(int(number) for number in re.findall(r"\d+", TIME.search(script)[1]))


def test_the_readme_has_fewer_than_900_words():
    assert len(README.read_text(encoding="utf-8").split()) < 900


def test_the_readme_s_first_part_says_for_whom_it_is_and_names_the_two_commands():
    first_part = README.read_text(encoding="utf-8").partition("\n## ")[0]
    for words in ("make demo", "make test", "**For**", "**You should know**", "**Not taught**"):
        assert words in first_part


def test_the_readme_has_the_three_doors():
    text = README.read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", text, flags=re.MULTILINE)[:3] == [
        "Learn",
        "Show",
        "Copy the stack",
    ]


def test_the_readme_lists_every_lesson_with_its_title_and_its_minutes():
    listed = [row for row in rows(README.read_text(encoding="utf-8")) if "(tutorial/" in row[0]]
    assert len(listed) == len(LESSONS)
    for row, lesson in zip(listed, LESSONS, strict=True):
        link = f"[{lesson.number} {lesson.title}](tutorial/{lesson.name}/README.md)"
        assert row[0].removesuffix(" (optional)") == link
        assert int(row[2]) == minutes(lesson)


def test_the_readme_links_to_every_page_in_docs():
    linked = {token.attrs.get("href", "").partition("#")[0] for token in tokens(README)}
    assert {f"docs/{page.name}" for page in DOCS.glob("*.md")} <= linked


def test_the_page_of_drills_lists_every_drill_with_its_level_and_its_title():
    listed = rows(section(DOCS / "drills.md", "All drills"))[1:]
    assert listed == [[f"`{drill.name}`", str(drill.level), drill.title] for drill in DRILLS]


def test_the_page_of_drills_has_every_command_of_lab_drill():
    table = rows(section(DOCS / "drills.md", "Do a drill"))[1:]
    words = {row[0].strip("`").removeprefix("lab drill").strip() for row in table}
    group = typer.main.get_command(app).commands["drill"]
    commands = {name for name, command in group.commands.items() if not command.hidden}
    assert words == commands | {"", "--list", DRILLS[1].name}


def test_the_page_of_commands_lists_every_example():
    programs = {
        str(file.relative_to(ROOT))
        for file in ROOT.glob("examples/*/*.py")
        if not file.name.startswith("test_")
    }
    table = section(DOCS / "commands.md", "Example programs")
    assert {row[1].strip("`") for row in rows(table)[1:]} == programs


def test_the_figures_of_the_comparison_are_the_benchmark_s():
    benchmark = rows((ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8"))
    measured = {row[0]: row[1:3] for row in benchmark}
    shown = [row[1:3] for row in rows((DOCS / "comparison.md").read_text(encoding="utf-8"))]
    for figure in (
        "cold start to a healthy server",
        "idle memory of all services",
        "30 learners, runs per second",
    ):
        assert measured[figure] in shown
