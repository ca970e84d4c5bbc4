"""run_here() runs a script as Python does, and puts back what it changes for the process."""

import logging
import os
import signal
import sys
import tempfile

import mlflow
import pytest

from tests.inside.scripts import run_here

CHANGES = """
import atexit, logging, os, signal, sys, tempfile, warnings
import mlflow

atexit.register(print, "last")
atexit.register(print, "last but one")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sys.excepthook = None
tempfile.tempdir = "/nowhere"
os.environ["CHANGED"] = "yes"
mlflow.set_tracking_uri("http://127.0.0.1:9")
logging.getLogger("mlflow").setLevel(logging.CRITICAL)
logging.getLogger("mlflow").addFilter(lambda record: False)
logging.getLogger("nobody").warning("logged")
warnings.warn("warned", UserWarning)
warnings.warn("ignored", DeprecationWarning)
print(sys.argv[1:], os.environ["GIVEN"], "TAKEN" in os.environ)
"""


def state():
    """Return what a script may change for its process."""
    logger = logging.getLogger("mlflow")
    return (
        dict(os.environ), signal.getsignal(signal.SIGTERM), sys.excepthook, sys.argv, tempfile.tempdir,
        mlflow.get_tracking_uri(), logger.level, [*logger.filters], [*logging.root.handlers],
    )  # fmt: skip


def test_a_script_sees_a_new_process_and_changes_nothing_in_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("TAKEN", "yes")
    mlflow.set_tracking_uri(mlflow.get_tracking_uri())
    before = state()
    script = tmp_path / "script.py"
    script.write_text(CHANGES)
    ran = run_here(script, 1, "two", GIVEN="here", TAKEN=None)
    assert state() == before
    assert ran.returncode == 0
    assert ran.stdout == "['1', 'two'] here False\nlast but one\nlast\n"
    assert ran.stderr.startswith("logged\n") and "UserWarning: warned" in ran.stderr
    assert "ignored" not in ran.stderr


@pytest.mark.parametrize(
    ("code", "status", "printed"),
    [("", 0, ""), ("sys.exit()", 0, ""), ("sys.exit(77)", 77, ""), ("sys.exit('No.')", 1, "No.\n")],
)
def test_the_end_of_a_script_is_told_as_python_tells_it(tmp_path, code, status, printed):
    script = tmp_path / "script.py"
    script.write_text(f"import sys\n{code}")
    ran = run_here(script)
    assert (ran.returncode, ran.stdout, ran.stderr) == (status, "", printed)


def test_an_exception_that_a_script_does_not_handle_is_raised(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        run_here(script)
