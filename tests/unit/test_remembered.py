"""Verdicts are remembered only as long as nothing has changed, and a file that does not fit is ignored."""

import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest

from lab import files, fingerprint, remembered
from lab.files import Unknown
from lab.lessons import Lesson
from lab.remembered import FILE, Remembered
from lab.verdict import Verdict, check

PASSED = Verdict(True, "ok  it is there", repeatable=True)


@pytest.fixture
def output(tmp_path, monkeypatch):
    """The learner's output folder."""
    monkeypatch.setenv("LAB_OUTPUT", str(tmp_path))
    return tmp_path


def settle() -> None:
    """Wait until the files that have just been written count as settled."""
    time.sleep(files.MOMENT_NANOSECONDS / 1e9 + 0.1)


def test_what_was_saved_is_read_and_no_other_file_is_left(output):
    remembered.save(output, Remembered("1234", {"00_start": PASSED}))
    assert remembered.read(output) == Remembered("1234", {"00_start": PASSED})
    assert [path.name for path in output.iterdir()] == [FILE]


def test_verdicts_that_may_differ_next_time_are_not_saved(output):
    slow = Verdict(False, "The check was stopped because it took too long.")
    remembered.save(output, Remembered("1234", {"00_start": PASSED, "01_save": slow}))
    assert list(remembered.read(output).verdicts) == ["00_start"]


def test_without_a_fingerprint_nothing_is_saved(output):
    remembered.save(output, Remembered(None, {"00_start": PASSED}))
    assert list(output.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_OUTPUT", str(tmp_path / "missing"))
    remembered.save(tmp_path, Remembered("1234", {"00_start": PASSED}))
    assert remembered.read(tmp_path) == Remembered(None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b'{"fingerprint": "1234"}',
        b'{"fingerprint": "1234", "verdicts": []}',
        b'{"fingerprint": "1234", "verdicts": {"00_start": true}}',
        b'{"fingerprint": "1234", "verdicts": {"00_start": {"passed": true}}}',
    ],
)
def test_a_broken_or_foreign_file_is_ignored(output, content):
    (output / FILE).write_bytes(content)
    assert remembered.read(output) == Remembered(None)


def test_the_file_counts_only_with_the_present_fingerprint(output, monkeypatch):
    remembered.save(output, Remembered("1234", {"00_start": PASSED}))
    for now, verdicts in (("1234", {"00_start": PASSED}), ("5678", {}), (None, {})):
        monkeypatch.setattr(remembered, "fingerprint", lambda *_, now=now: now)
        assert remembered.present(output) == Remembered(now, verdicts)


@pytest.mark.parametrize("content", ["1", '"1234"', "null"])
def test_only_true_is_passed(output, content):
    entry = f'{{"passed": {content}, "text": "ok"}}'
    (output / FILE).write_text(f'{{"fingerprint": "1", "verdicts": {{"00_start": {entry}}}}}')
    assert not remembered.read(output).verdicts["00_start"].passed


def rewrite(folder: Path) -> None:
    """Change a file's content, and set back its modification time."""
    times = (folder / "a.txt").stat()
    (folder / "a.txt").write_text("2")
    os.utime(folder / "a.txt", ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize(
    "change",
    [
        rewrite,
        lambda folder: (folder / "a.txt").unlink(),
        lambda folder: (folder / "a.txt").rename(folder / "b.txt"),
        lambda folder: (folder / "a.txt").chmod(0o600),
        lambda folder: (folder / "sub" / "new.txt").touch(),
        lambda folder: (folder / "empty").mkdir(),
        lambda folder: (folder / "sub").chmod(0o700),
    ],
)
def test_each_change_of_a_folder_changes_its_stamps(tmp_path, change):
    (tmp_path / "a.txt").write_text("1")
    (tmp_path / "sub").mkdir()
    settle()
    before = files.below(tmp_path)
    change(tmp_path)
    settle()
    assert files.below(tmp_path) != before


def test_caches_and_the_file_that_is_left_out_change_no_stamps(tmp_path):
    before = files.below(tmp_path, FILE)
    (tmp_path / FILE).touch()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").touch()
    assert files.below(tmp_path, FILE) == before


def test_a_file_that_changed_a_moment_ago_and_a_link_to_a_folder_have_no_stamp(tmp_path):
    (tmp_path / "a.txt").touch()
    with pytest.raises(Unknown, match="just changed"):
        files.below(tmp_path)
    (tmp_path / "a.txt").unlink()
    (tmp_path / "link").symlink_to("/")
    with pytest.raises(Unknown, match="another folder"):
        files.below(tmp_path)
    with pytest.raises(OSError):
        files.below(tmp_path / "missing")


@pytest.mark.parametrize(
    ("text", "is_repeatable"),
    [
        ("print('ok  it is there')", True),
        ("import sys; sys.exit('Do this next.')", True),
        ("while True: pass", False),
        ("raise RuntimeError('broken')", False),
        ("import os; os.abort()", False),
        ("import sys; sys.exit(75)", False),
    ],
)
def test_only_what_the_check_itself_said_is_repeatable(tmp_path, text, is_repeatable):
    lesson = Lesson(tmp_path, tmp_path / "tutorial" / "04_new")
    lesson.support.mkdir(parents=True)
    lesson.exercise.write_text("x = 1\n")
    lesson.check.write_text(f"{text}\n")
    assert check(lesson, 1 if "while" in text else 60).repeatable == is_repeatable


def test_a_check_that_cannot_reach_the_server_is_not_repeatable(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    lesson = Lesson(tmp_path, tmp_path / "tutorial" / "04_new")
    lesson.support.mkdir(parents=True)
    lesson.exercise.write_text("x = 1\n")
    lesson.check.write_text(
        "from lab.checks.registry import start_check\n"
        "client = start_check()\n"
        "client.search_registered_models()\n"
    )
    verdict = check(lesson)
    assert verdict.text.startswith("No MLflow server answers at http://127.0.0.1:9")
    assert not (verdict.passed or verdict.repeatable)


def test_installing_and_removing_a_package_changes_the_stamps_of_the_packages(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(sys, "path", ["folder of the program", str(tmp_path)])
    with pytest.raises(Unknown, match="Python imports from"):
        fingerprint.packages()
    monkeypatch.setattr(fingerprint, "KNOWN_FOLDERS", (tmp_path,))
    stamps = [fingerprint.packages()]
    (tmp_path / "one-1.0.dist-info").mkdir()
    stamps.append(fingerprint.packages())
    (tmp_path / "one-1.0.dist-info").rename(tmp_path / "one-1.1.dist-info")
    stamps.append(fingerprint.packages())
    (tmp_path / "one-1.1.dist-info" / "RECORD").touch()
    stamps.append(fingerprint.packages())
    assert all(before != after for before, after in pairwise(stamps))
    assert fingerprint.packages() == stamps[-1]


def test_pythonpath_makes_the_packages_unknown(tmp_path):
    code = "from lab import fingerprint; fingerprint.packages()"
    for path, message in (("", ""), (str(tmp_path), f"Python imports from {tmp_path}")):
        env = os.environ | {"PYTHONPATH": path}
        ran = subprocess.run([sys.executable, "-c", code], env=env, text=True, capture_output=True)
        assert message in ran.stderr
        assert (ran.returncode == 0) == (message == "")
