"""Processes that handle Ctrl-C themselves."""

import subprocess


def wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process and return its exit status, even if the user presses Ctrl-C meanwhile."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # The terminal has sent Ctrl-C to the process too.
            continue
