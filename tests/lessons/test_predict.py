"""lab predict, at a terminal, with the table of each lesson that has one."""

import re
import time
from collections.abc import Callable

import pytest

from lab.lessons import Lesson, lessons
from tests.support.labs import ROOT, Lab
from tests.support.terminal import LOOK_SECONDS, Terminal

LESSONS = [lesson for lesson in lessons(ROOT) if lesson.prediction.exists()]


def predict(lab: Lab, lesson: Lesson, answer: Callable[[int, Terminal], None]) -> tuple[int, str]:
    """Run `lab predict` at a terminal and answer each question. Return the exit status and all that it printed."""
    terminal = lab.terminal("lab", "predict", lesson.short_number)
    answered = 0
    deadline = time.monotonic() + 300
    while terminal.is_running():
        assert time.monotonic() < deadline, f"The command does not end:\n{terminal.text}"
        if terminal.text.count("Your prediction: ") > answered:
            answered += 1
            answer(answered, terminal)
        time.sleep(LOOK_SECONDS)
    return terminal.end(), terminal.text


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_row_of_the_table_runs_and_the_score_comes_last(embedded_lab, lesson):
    status, screen = predict(embedded_lab, lesson, lambda count, terminal: terminal.press("1\n"))
    assert status == 0, screen
    numbers = re.findall(r"^(\d+) of (\d+): ", screen, flags=re.MULTILINE)
    assert len(numbers) > 3
    assert numbers == [(str(n), str(len(numbers))) for n in range(1, len(numbers) + 1)]
    guess = re.search(r"^1 (.+?)   2 ", screen, flags=re.MULTILINE)[1]
    outcomes = re.findall(r"Your prediction: 1\s+(Yes|No): (.+?)\.", screen)
    assert [result == "Yes" for result, _ in outcomes] == [what == guess for _, what in outcomes]
    right = sum(what == guess for _, what in outcomes)
    assert f"You predicted {right} of {len(numbers)} results correctly." in screen


def test_ctrl_c_ends_it_with_the_score_so_far(embedded_lab):
    def answer(count: int, terminal: Terminal) -> None:
        if count == 2:
            terminal.interrupt()
        else:
            terminal.press("1\n")

    status, screen = predict(embedded_lab, LESSONS[0], answer)
    assert status == 0
    assert "Traceback" not in screen
    assert re.search(r"You predicted [01] of 1 results correctly", screen), screen
