"""Run a script or module in the warm Python that listens at SOCKET, as `python` would run it.

    python tests/inside/warm.py SOCKET exercise.py 1 2
    python tests/inside/warm.py SOCKET -m tests.inside.counts

The script has this process's arguments, folder, environment and standard streams, and this process ends
as the script does. A signal that ends this process kills the script.
"""

import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

from lab import warm_client


def main() -> None:
    """Run what the command line says, in a new Python if there is no warm one."""
    address, *argv = sys.argv[1:]
    try:
        connection = warm_client.send(address, argv, str(Path.cwd()), dict(os.environ), [0, 1, 2])
    except OSError:
        os.execv(sys.executable, [sys.executable, *argv])
    status = warm_client.exit_status(connection)
    if status < 0:
        # SIGKILL has no handler that could be set.
        with suppress(OSError, ValueError):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main()
