"""Loggers at work inside a lab while a test does something to it."""

import json
import os
import tempfile
import time
from typing import IO

from tests.support.labs import Lab


def outcomes(output: str) -> list[dict]:
    """Return what loggers were told, from what tests/inside/load.py printed."""
    return json.loads(output.splitlines()[-1])


def content(file: IO[str]) -> str:
    """Return what a process has written to a file. Reading must not move the position that they share."""
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode()


class Loggers:
    """Some loggers, each of which logs one run with a model after the other."""

    def __init__(self, lab: Lab, experiment: str, seconds: int, count: int) -> None:
        """Start the loggers; return when they have logged some runs. They go on for `seconds`."""
        command = ["python", "-m", "tests.inside.load", experiment, str(seconds), str(count)]
        # Files: nobody reads a pipe if the test fails meanwhile, and a full one would stop the loggers.
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = lab.popen(*command, stdout=self._output, stderr=self._errors)
        while content(self._output) == "":
            assert self._process.poll() is None, content(self._errors)
            time.sleep(0.1)

    def told(self) -> list[dict]:
        """Wait for the loggers' end and return what they were told, as tests/inside/load.py describes it."""
        assert self._process.wait() == 0, content(self._errors)
        return outcomes(content(self._output))
