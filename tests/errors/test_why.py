"""lab why: where it finds the error, and what it prints."""

import re
from uuid import uuid4

import pytest

from lab.known_errors import CHAINED, MAX_WORD, find, one_line
from lab.why import own_line
from tests.support.labs import ROOT, Lab, assert_one_message
from tests.support.terminal import COLUMNS

KNOWN = "KeyError: 'MLFLOW_TRACKING_URI'"
FAILS = "raise ValueError('nobody knows 17 of these')"


def in_one_shell(lab: Lab, *commands: str) -> str:
    """Type commands into one shell in a terminal, and return what the screen shows at the end."""
    terminal = lab.terminal("sh", "-c", "; ".join(commands))
    terminal.end()
    return terminal.screen


@pytest.mark.quick
def test_a_message_is_explained_with_its_cause_the_remedy_and_a_page(lab):
    ran = lab.run("lab", "why", KNOWN)
    assert ran.returncode == 0
    message, *answer = ran.stdout.splitlines()
    assert message == KNOWN
    words = " ".join(" ".join(answer).split())
    assert re.match(r"Why MLFLOW_TRACKING_URI is not set,.* Do The lab's shell sets it\.", words)
    assert re.search(r"See docs/\w+\.md", words)
    assert max(map(len, answer)) <= COLUMNS
    assert "\x1b" not in ran.stdout


@pytest.mark.quick
def test_what_another_command_prints_is_explained(embedded_lab):
    log = f"Traceback (most recent call last):\n  File ...\n\x1b[31m{KNOWN}\x1b[0m\n"
    ran = embedded_lab.run("lab", "why", typed=log)
    assert ran.returncode == 0
    assert ran.stdout.startswith(KNOWN)


def test_a_pasted_error_is_explained(lab):
    terminal = lab.terminal("lab", "why", "--paste")
    terminal.wait_for("Paste the error")
    terminal.press(f"Traceback (most recent call last):\n{KNOWN}\n\x04")
    assert terminal.end() == 0
    assert "The lab's shell sets it." in terminal.screen


def test_the_last_error_in_this_shell_is_explained(lab):
    fails = "python -c \"import os; os.environ.pop('MLFLOW_TRACKING_URI'); os.environ['MLFLOW_TRACKING_URI']\""
    screen = in_one_shell(lab, fails, "clear", "lab why")
    assert re.search(r"The last error, \d+ seconds? ago:", screen), screen
    assert "The lab's shell sets it." in " ".join(screen.split())


def test_a_later_error_in_another_shell_does_not_count(lab):
    fails = "python -c \"{}['MLFLOW_TRACKING_URI']\""
    in_another_shell = f'setsid --wait python -c "{FAILS}"'
    screen = in_one_shell(lab, fails, in_another_shell, "clear", "lab why")
    assert "The lab's shell sets it." in " ".join(screen.split())


def test_the_last_error_of_the_lab_is_explained_in_a_shell_without_one(lab):
    lab.run("setsid", "--wait", "python", "-c", FAILS)
    ran = lab.run("setsid", "--wait", "lab", "why")
    assert ran.returncode == 1
    assert "ValueError: nobody knows 17 of these" in ran.stdout


def test_a_known_error_s_traceback_ends_with_the_command_that_explains_it(lab):
    raises = "raise ValueError('Model is missing inputs [1].')"
    screen = in_one_shell(lab, f'python -c "{raises}"')
    assert screen.endswith("For the cause, and what to do, type: lab why")
    assert "lab why" not in in_one_shell(lab, f'python -c "{FAILS}"')
    # A program that reads a script's errors gets the traceback only.
    assert "lab why" not in lab.run("python", "-c", raises).stderr


def test_a_script_in_the_learner_s_folder_is_named_with_its_line(lab):
    script = ROOT / "work" / f"test-why-{uuid4().hex[:8]}.py"
    script.write_text(f"{FAILS}\n")
    try:
        ran = lab.run("python", f"work/{script.name}")
        explained = lab.run("lab", "why", typed=ran.stderr)
    finally:
        script.unlink()
    assert f"work/{script.name}, line 1: {FAILS}" in explained.stdout


@pytest.mark.quick
def test_an_unknown_error_is_answered_with_what_to_look_at_next(embedded_lab):
    text = (
        'Traceback (most recent call last):\n  File "mine.py", line 3, in <module>\n    train()\n'
        '  File "/x/site-packages/sklearn/base.py", line 7, in train\n    fit()\n'
        "ValueError: nobody knows 17 of these\n"
    )
    ran = embedded_lab.run("lab", "why", typed=text)
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[0] == "ValueError: nobody knows 17 of these"
    assert "does not know this error" in ran.stdout
    assert "mine.py, line 3: train()" in ran.stdout
    assert "issues?q=ValueError%3A+nobody+knows\n" in ran.stdout
    for page in ("lab doctor", "docs/errors.md"):
        assert page in ran.stdout


@pytest.mark.quick
def test_without_an_error_it_says_how_to_give_one(embedded_lab, tmp_path):
    folder = str(tmp_path / "private")
    no_error = embedded_lab.run("lab", "why", LAB_PYTHON_FOLDER=folder)
    assert_one_message(no_error, "lab why --paste", "2>&1 |")
    no_text = embedded_lab.run("lab", "why", "--paste")
    assert_one_message(no_text, "There is no text to explain.")


@pytest.mark.quick
def test_the_last_error_is_kept_where_nobody_else_can_read_it(embedded_lab, tmp_path):
    folder = tmp_path / "private"
    embedded_lab.run("python", "-c", FAILS, LAB_PYTHON_FOLDER=str(folder))
    assert folder.stat().st_mode & 0o77 == 0
    assert [file.name.rpartition("-")[0] for file in folder.iterdir()] == ["last-error"]
    # A folder that others can enter is not used.
    folder.chmod(0o755)
    (*folder.iterdir(),)[0].unlink()
    failed = embedded_lab.run("python", "-c", FAILS, LAB_PYTHON_FOLDER=str(folder))
    assert "ValueError: nobody knows" in failed.stderr
    assert list(folder.iterdir()) == []


def test_of_several_errors_the_last_one_counts():
    refused = "API request to http://a failed with exception Connection refused"
    assert find(f"{refused} {KNOWN}").error.name == "tracking_uri_unset"
    assert find(f"{KNOWN} {refused}").error.name == "server_stopped"


def test_a_known_error_before_the_last_traceback_does_not_explain_it():
    traceback = "Traceback (most recent call last):\n  File ...\n"
    unknown = f"{traceback}ZeroDivisionError: division by zero\n"
    assert find(f"{KNOWN}\n{unknown}") is None
    assert find(f"{traceback}{KNOWN}\n{unknown}") is None
    caused = f"\n{CHAINED[1]}\n\n"
    assert find(f"{traceback}{KNOWN}\n{caused}{unknown}").error.name == "tracking_uri_unset"


def test_a_long_word_takes_no_longer_than_many_short_ones():
    long, short = "a" * 100_000, "a b c d e " * 10_000
    assert one_line(f"{long} {KNOWN}").endswith(KNOWN)
    assert len(one_line(long)) <= MAX_WORD + 1
    assert find(f"{long} {KNOWN}").error.name == find(f"{short} {KNOWN}").error.name


@pytest.mark.quick
@pytest.mark.parametrize(
    "code",
    [
        "class Bad(Exception):\n    def __str__(self): raise KeyError\nraise Bad",
        "class Bad(Exception):\n    __eq__ = None\nraise Bad from ValueError()",
        "import os, tempfile\nwith tempfile.TemporaryDirectory() as folder: os.chdir(folder)\nimport nothing_here",
    ],
)
def test_an_error_that_cannot_be_explained_keeps_its_one_traceback(embedded_lab, code):
    ran = embedded_lab.run("python", "-c", code)
    assert ran.returncode == 1
    assert ran.stderr.count("Traceback (most recent call last)") == 1
    assert "sys.excepthook" not in ran.stderr


@pytest.mark.quick
def test_text_that_is_not_valid_is_no_error_of_lab(embedded_lab):
    for command in (
        "printf 'ValueError: \\377' | lab why",
        "lab why \"$(printf 'ValueError: \\377')\"",
    ):
        ran = embedded_lab.run("sh", "-c", command)
        assert (ran.returncode, ran.stderr) == (1, "")
        assert "does not know this error" in ran.stdout
    closed = embedded_lab.run("sh", "-c", "lab why <&-")
    assert "Traceback" not in closed.stderr


@pytest.mark.quick
def test_a_folder_that_cannot_be_used_is_named(embedded_lab, tmp_path):
    ran = embedded_lab.run("lab", "why", LAB_PYTHON_FOLDER=str(tmp_path / "no" / "where"))
    assert_one_message(ran, "LAB_PYTHON_FOLDER", "lab why --paste")


def test_an_error_without_lines_of_the_user_names_none():
    assert own_line('File "/x/site-packages/a.py", line 3, in f\n    g()\n') is None
