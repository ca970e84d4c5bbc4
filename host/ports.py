"""The ports that the lab uses on the user's machine: their settings, and whether they are free."""

import socket
import sys
from dataclasses import dataclass

from host.errors import LabError
from host.settings import port

# The addresses that a browser may use for `localhost`. The lab listens at the first one. Many browsers try the second
# one first.
LOOPBACK = ("127.0.0.1", "::1")
# The ports of macOS's AirPlay Receiver, which listens at all addresses.
AIRPLAY = (5000, 7000)


@dataclass(frozen=True)
class Port:
    """A port on 127.0.0.1: the setting with its number, and the stack's service that listens there."""

    setting: str
    service: str
    # The Compose profile that starts the service. None for a service that always runs.
    profile: str | None = None


# Compose and .env.example repeat these; tests/unit/test_settings.py compares them.
PORTS = (
    Port("MLFLOW_PORT", "mlflow"),
    Port("MINIO_PORT", "minio"),
    Port("MINIO_CONSOLE_PORT", "minio"),
    Port("MODEL_SERVER_PORT", "trainer"),
    Port("SERVING_PORT", "serving", "serving"),
    Port("SPARK_UI_PORT", "spark", "spark"),
    Port("SPARK_MASTER_UI_PORT", "spark-master", "spark"),
    Port("JUPYTER_PORT", "notebook", "notebook"),
)


def check_free(setting: str) -> None:
    """Raise LabError if another program uses the port in the setting, at any address of `localhost`."""
    number = port(setting)
    if problem := bind_problem(number) or answer_problem(number):
        airplay = (
            "It is probably AirPlay Receiver, which you can turn off in System Settings, General, AirDrop & Handoff. "
            if sys.platform == "darwin" and number in AIRPLAY
            else ""
        )
        raise LabError(
            f"Port {number} cannot be used ({problem}). {airplay}Stop the program that uses it, or set "
            f"{setting} in .env to another number. If this lab uses it in its other mode: make down"
        )


def bind_problem(number: int) -> str | None:
    """Return why no server can listen at a port of 127.0.0.1, or None if one can."""
    with socket.socket() as probe:
        # Servers set this option too. With it, a port that waits for late packets of a stopped lab counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK[0], number))
        except OSError as error:
            return error.strerror
    return None


def answer_problem(number: int) -> str | None:
    """Return at which address of `localhost` a program answers, or None if there is no such program.

    On macOS and Windows, a server can often listen at 127.0.0.1 although another program listens at all addresses.
    """
    for address in LOOPBACK:
        if answers(address, number):
            return f"another program answers at {address}, which is an address of localhost"
    return None


def answers(address: str, number: int) -> bool:
    """Tell whether a program accepts connections at this address and port."""
    try:
        socket.create_connection((address, number), timeout=0.5).close()
    except OSError:
        # This includes a machine without IPv6.
        return False
    return True


def page(setting: str) -> str:
    """Return the address of the lab's page at the port in the setting, for the user's browser.

    It contains 127.0.0.1 if another program has come to `localhost` since the lab started.
    """
    number = port(setting)
    host = LOOPBACK[0] if answers(LOOPBACK[1], number) else "localhost"
    return f"http://{host}:{number}"


def free_ports(count: int) -> list[str]:
    """Return ports that no program uses now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    # A program that listens at ::1 only leaves the port free at 127.0.0.1.
    return free_ports(count) if any(answer_problem(int(number)) for number in ports) else ports
