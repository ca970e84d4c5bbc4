"""lab predict, at a terminal, with the table of each lesson that has one."""

import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable

import pytest

from lab.lessons import Lesson, lessons
from tests.support.labs import ROOT, Lab

LESSONS = [lesson for lesson in lessons(ROOT) if lesson.prediction.exists()]


def predict(
    lab: Lab, lesson: Lesson, answer: Callable[[int, subprocess.Popen[str]], bytes]
) -> tuple[int, str]:
    """Run `lab predict` at a terminal and answer each question. Return the exit status and the screen."""
    ours, its = pty.openpty()
    streams = {"stdin": its, "stdout": its, "stderr": its}
    process = lab.popen("lab", "predict", lesson.short_number, **streams)
    os.close(its)
    screen, answered = "", 0
    try:
        while part := os.read(ours, 1024):
            screen += part.decode(errors="replace")
            if screen.count("Your prediction: ") > answered:
                answered += 1
                os.write(ours, answer(answered, process))
    except OSError:
        # The terminal has closed with its last process.
        pass
    os.close(ours)
    return process.wait(timeout=60), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_row_of_the_table_runs_and_the_score_comes_last(embedded_lab, lesson):
    status, screen = predict(embedded_lab, lesson, lambda count, process: b"1\n")
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
    def answer(count: int, process: subprocess.Popen[str]) -> bytes:
        if count == 2:
            process.send_signal(signal.SIGINT)
        return b"1\n" if count == 1 else b""

    status, screen = predict(embedded_lab, LESSONS[0], answer)
    assert status == 0
    assert "Traceback" not in screen
    assert re.search(r"You predicted [01] of 1 results correctly", screen), screen
