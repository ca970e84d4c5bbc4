"""lab predict: it takes one guess for each row, runs the row and counts the right guesses."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from lab.errors import LabError
from lab.lessons import Lesson
from lab.predict import Outcome, Row, Table, ask, load, predict

PREDICT = """
from lab.predict import Outcome, Row
question = "What happens?"
rows = [Row("first", "1, 2", lambda: Outcome("passes"))]
answers = ["passes", "fails"]
"""


@pytest.fixture
def table():
    """Two rows, of which the first passes and the second fails."""
    rows = [
        Row("first", "[1, 2]", lambda: Outcome("passes")),
        Row("second", "[3, 4]", lambda: Outcome("fails", "It needs [5].")),
    ]
    return Table("What happens?", rows, ["passes", "fails"])


def asked(table, monkeypatch, *typed) -> tuple[str, str]:
    """Answer the questions; return what is printed and the score."""
    console = Console(record=True, width=80)
    answers = iter(typed)

    def read(prompt: str) -> str:
        answer = next(answers)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    monkeypatch.setattr(console, "input", read)
    score = ask(table, console)
    return console.export_text(), score


def test_each_guess_is_followed_by_the_result_and_the_last_one_by_the_score(table, monkeypatch):
    printed, score = asked(table, monkeypatch, "1", "1")
    assert "1 of 2: first\n[1, 2]\n" in printed
    assert "Yes: passes.\n" in printed
    assert "No: fails. It needs [5].\n" in printed
    assert score.strip() == "You predicted 1 of 2 results correctly."


def test_something_else_than_a_number_is_asked_again(table, monkeypatch):
    printed, score = asked(table, monkeypatch, "", "3", "fails", "1", "2")
    assert printed.count("Type a number from 1 to 2, or q to stop.") == 3
    assert score.strip() == "You predicted 2 of 2 results correctly."


@pytest.mark.parametrize("stop", ["q", EOFError(), KeyboardInterrupt()])
def test_whoever_stops_gets_the_score_of_the_rows_so_far(table, monkeypatch, stop):
    printed, score = asked(table, monkeypatch, "1", stop)
    assert "fails." not in printed
    assert score.strip() == "You predicted 1 of 1 results correctly."


def lesson(root, name: str, *files: str) -> Lesson:
    """Make a lesson with these files."""
    found = Lesson(root, root / "tutorial" / name)
    for file in files:
        path = found.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PREDICT)
    return found


def test_the_table_is_what_the_lesson_s_script_defines(tmp_path):
    table = load(lesson(tmp_path, "03_contract", ".lesson/predict.py"))
    assert (table.question, table.answers) == ("What happens?", ["passes", "fails"])
    assert [row.run() for row in table.rows] == [Outcome("passes")]


def test_a_lesson_without_a_table_names_the_lessons_that_have_one(tmp_path):
    without = lesson(tmp_path, "02_log", "run.py")
    known = [without, lesson(tmp_path, "03_contract", ".lesson/predict.py")]
    with pytest.raises(LabError, match=r"Lesson 2 has no table to predict. .* have one: 3\."):
        predict(without, known, Console())


def test_without_a_terminal_it_says_what_to_use_instead(tmp_path, monkeypatch):
    chosen = lesson(tmp_path, "03_contract", ".lesson/predict.py", "deeper/table.py")
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: False))
    with pytest.raises(LabError, match=r"needs a terminal.*REFERENCE.md.*lab run 3 table"):
        predict(chosen, [chosen], Console())
