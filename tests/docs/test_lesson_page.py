"""The form of a lesson: its page and script stay short, the exercise comes early, the depth is in REFERENCE.md."""

import ast
import re

import jupytext
import pytest
from jupytext.config import load_jupytext_configuration_file
from markdown_it import MarkdownIt
from nbformat import NotebookNode

from lab.lessons import Lesson, lessons
from tests.support.labs import ROOT
from tests.support.messages import quoted_messages, seen_by_tests, untested
from tests.support.readmes import (
    IN_PROFILE,
    fences,
    headings,
    indented_commands,
    samples,
    section,
)

LESSONS = lessons(ROOT)
MAX_WORDS, MAX_LINES_OF_CODE, MAX_LINES_OF_CELL, MAX_LINES_OF_DEEPER = 900, 120, 25, 80
# A story needs none of these; deeper/ and test_claims.py may use them.
NOT_IN_A_STORY = {
    *("asyncio", "contextlib", "lab", "logging", "multiprocessing", "signal", "socket"),
    *("subprocess", "threading", "unittest", "warnings"),
}

pytestmark = [
    pytest.mark.quick,
    pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name),
]


def notebook(lesson: Lesson) -> NotebookNode:
    """Return the lesson's script as a notebook."""
    settings = load_jupytext_configuration_file(str(ROOT / "pyproject.toml"))
    return jupytext.read(lesson.folder / "run.py", config=settings)


def cells(lesson: Lesson, kind: str) -> list[str]:
    """Return the texts of the cells of one kind, markdown or code."""
    return [cell.source for cell in notebook(lesson).cells if cell.cell_type == kind]


def words(markdown: str) -> int:
    """Return the number of words that a reader reads: not addresses of links, not code in blocks."""
    texts = [
        token.content
        for block in MarkdownIt("commonmark").enable("table").parse(markdown)
        for token in block.children or ()
        if token.type in ("text", "code_inline")
    ]
    return len(re.findall(r"\w[\w'.-]*", " ".join(texts)))


def fences_of(markdown: str) -> list[str]:
    """Return what stands behind each opening fence."""
    return [
        block.info for block in MarkdownIt("commonmark").parse(markdown) if block.type == "fence"
    ]


def lines_of_code(source: str) -> int:
    """Return the number of lines that are neither empty nor a comment."""
    return sum(bool(re.match(r"\s*[^\s#]", line)) for line in source.splitlines())


def test_the_script_is_short(lesson):
    code = cells(lesson, "code")
    assert sum(map(lines_of_code, code)) < MAX_LINES_OF_CODE
    assert max(len(source.splitlines()) for source in code) <= MAX_LINES_OF_CELL


def test_the_prose_is_short(lesson):
    assert sum(map(words, cells(lesson, "markdown"))) < MAX_WORDS


def test_it_has_three_to_six_steps_and_ends_with_where_to_read_on(lesson):
    title, *sections = headings(lesson.page)
    assert title == ("h1", f"{lesson.number} {lesson.title}")
    names = [name for level, name in sections if level == "h2"]
    steps = [name for name in names if re.match(r"\d", name)]
    assert 3 <= len(steps) <= 6
    assert [name.partition(". ")[0] for name in steps] == [str(n + 1) for n in range(len(steps))]
    assert names[-1] == "Go further"
    assert sorted({*names} - {*steps}) == ["Go further", "Your turn"]


def test_the_exercise_comes_within_the_first_two_thirds(lesson):
    lines = lesson.page.read_text(encoding="utf-8").splitlines()
    assert lines.index("## Your turn") <= len(lines) * 2 / 3
    typed = indented_commands(lesson.page)
    assert f"lab check {int(lesson.number)}" in typed
    assert f"python {lesson.exercise.relative_to(ROOT)}" in typed


def test_it_says_what_you_will_be_able_to_do_and_asks_for_a_prediction(lesson):
    first, *others = cells(lesson, "markdown")
    assert "**You will be able to**" in first
    assert re.search(r"\*\*Time\*\*.*minutes", first, re.DOTALL)
    assert any("**Predict" in text for text in others)


def test_it_is_a_story_without_asserts_and_process_handling(lesson):
    tree = ast.parse((lesson.folder / "run.py").read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    assert not [node.lineno for node in nodes if isinstance(node, ast.Assert)]
    imported = {
        alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} & NOT_IN_A_STORY == set()


def test_it_leads_to_its_reference(lesson):
    assert "REFERENCE.md" in lesson.page.read_text(encoding="utf-8")
    title, *sections = headings(lesson.reference)
    assert title[0] == "h1" and title[1].startswith(f"{lesson.number} Reference")
    assert [name for level, name in sections if level == "h2"][-2:] == [
        "When it goes wrong",
        "Further reading",
    ]
    links = re.findall(
        r"^- \[.*?\]\((.*?)\)", section(lesson.reference, "Further reading"), re.MULTILINE
    )
    assert 2 <= len([link for link in links if link.startswith("https://")]) <= 4
    assert links[0].startswith("https://mlflow.org/docs/latest/")


def test_each_deeper_script_is_short_and_shown_with_what_it_prints(lesson):
    shown = {IN_PROFILE.sub("", sample.command) for sample in samples(lesson.reference)}
    for script in lesson.deeper.values():
        assert len(script.read_text(encoding="utf-8").splitlines()) < MAX_LINES_OF_DEEPER, script
        assert f"python {script.relative_to(ROOT)}" in shown


def test_each_command_stands_where_it_is_tried(lesson):
    """A block `console` is compared, and `text` shows what a cell prints or a form to fill in."""
    kinds = {info.split(" ")[0] for info in fences(lesson.reference)}
    assert kinds <= {"console", "json", "mermaid", "text"}
    # Blocks of Python on the page are the cells of run.py.
    kinds = {info.split(" ")[0] for cell in cells(lesson, "markdown") for info in fences_of(cell)}
    assert kinds <= {"console", "json", "mermaid", "text"}


def test_docker_is_typed_only_to_start_the_lesson_s_services_and_to_enter_them(lesson):
    """A command of make or docker in an indented block is not run: here is its form."""
    shown = {sample.command for file in (lesson.page, lesson.reference) for sample in samples(file)}
    of_profile = {
        f"docker compose --profile {lesson.profile} up --build --wait",
        f"docker compose exec {lesson.profile} bash",
    }
    for command in indented_commands(lesson.page) + indented_commands(lesson.reference):
        if command.startswith("docker "):
            assert command in shown | of_profile
        elif command.startswith("make "):
            targets = (
                "up",
                "shell",
                "notebook",
                f"lesson-{lesson.number}",
                f"shell-{lesson.number}",
            )
            assert command.removeprefix("make ") in targets


def test_its_reference_lists_errors(lesson):
    listed = section(lesson.reference, "When it goes wrong")
    assert len(re.findall(r"^(?:\| |- )`", listed, flags=re.MULTILINE)) >= 3


def test_a_message_that_its_reference_quotes_by_hand_is_in_a_test_word_for_word(lesson, tmp_path):
    quoted = quoted_messages(lesson.reference, tmp_path)
    assert untested(quoted, seen_by_tests(lesson)) == []
