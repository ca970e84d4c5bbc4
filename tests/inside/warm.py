"""Run a script or module in the warm Python that listens at SOCKET, as `python` would run it.

    python tests/inside/warm.py SOCKET exercise.py 1 2
    python tests/inside/warm.py SOCKET -m tests.inside.counts

The script has this process's arguments, folder, environment and standard streams, and this process ends
as the script does. A signal that ends this process kills the script. Imports of its own would cost what
the warm Python saves, so there are few.
"""

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

# Of the number that says how long a request is.
LENGTH_BYTES = 4


def send(
    address: str, argv: list[str], cwd: str, env: dict[str, str], fds: list[int]
) -> socket.socket:
    """Ask the warm Python at `address` to run `argv`; return the connection on which it reports the end.

    `argv` begins with a script, or with "-m" and a module. `fds` are its standard input, output and error.
    If the connection is closed or shut down, the script is killed. Raises OSError if nothing listens at `address`.
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(address)
    request = json.dumps({"argv": argv, "cwd": cwd, "env": env}).encode()
    socket.send_fds(connection, [len(request).to_bytes(LENGTH_BYTES)], fds)
    connection.sendall(request)
    return connection


def receive(connection: socket.socket) -> tuple[dict, list[int]]:
    """Return the request that `send` sent, and the file descriptors."""
    length, fds, _, _ = socket.recv_fds(connection, LENGTH_BYTES, 3)
    with connection.makefile("rb") as file:
        return json.loads(file.read(int.from_bytes(length))), fds


def exit_status(connection: socket.socket) -> int:
    """Wait for a script's end; return its exit status, or the signal that killed it as a negative number.

    Raises EOFError if the warm Python has ended.
    """
    try:
        answer = connection.recv(16)
    except ConnectionResetError:
        answer = b""
    if not answer:
        raise EOFError
    return int(answer)


def main() -> None:
    """Run what the command line says, in a new Python if there is no warm one."""
    address, *argv = sys.argv[1:]
    try:
        connection = send(address, argv, str(Path.cwd()), dict(os.environ), [0, 1, 2])
    except OSError:
        os.execv(sys.executable, [sys.executable, *argv])
    status = exit_status(connection)
    if status < 0:
        # SIGKILL has no handler that could be set.
        with suppress(OSError, ValueError):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status)


if __name__ == "__main__":
    main()
