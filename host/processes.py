"""Processes that handle Ctrl-C themselves."""

import subprocess


def wait(process: subprocess.Popen[bytes]) -> int:
    """Return the exit status of a process, however often the user presses Ctrl-C meanwhile."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal gave it to the process too.
            continue
