"""Ask a warm Python (lab/warm_python.py) to run a script, and wait for the script's end.

Tests use this in front of every script. Imports would cost what the warm Python saves, so there are few.
"""

import json
import socket
from typing import Any

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


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
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
