"""Ports of the learner's machine."""

import socket

from host.errors import LabError
from host.settings import port


def check_free(name: str) -> None:
    """Raise LabError if something else has the port that the setting `name` gives."""
    with socket.socket() as probe:
        # As a server does it: a port that waits for late packets of a lab just stopped is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port(name)))
        except OSError as error:
            raise LabError(
                f"Port {port(name)} cannot be had ({error.strerror}). Stop what uses it (this lab in its other "
                f"mode? make down), or give another number to {name} in .env."
            ) from None


def free_ports(count: int) -> list[str]:
    """Return ports on which nothing listens now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
