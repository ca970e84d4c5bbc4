"""The ports of the user's machine: which settings give them, and whether they are free."""

import socket
from dataclasses import dataclass

from host.errors import LabError
from host.settings import port


@dataclass(frozen=True)
class Port:
    """A port on 127.0.0.1: the setting with its number, and the service of the stack that listens there."""

    setting: str
    service: str
    # The Compose profile that starts the service; None for the services that always run.
    profile: str | None = None


# Compose and .env.example repeat these; tests/unit/test_settings.py compares them.
PORTS = (
    Port("MLFLOW_PORT", "mlflow"),
    Port("MINIO_PORT", "minio"),
    Port("MINIO_CONSOLE_PORT", "minio"),
    Port("SERVING_PORT", "serving", "serving"),
    Port("SPARK_UI_PORT", "spark", "spark"),
    Port("SPARK_MASTER_UI_PORT", "spark-master", "spark"),
    Port("JUPYTER_PORT", "notebook", "notebook"),
)


def check_free(setting: str) -> None:
    """Raise LabError if another program has the port that the setting gives."""
    with socket.socket() as probe:
        # Servers do the same. A port that still waits for late packets of a stopped lab is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port(setting)))
        except OSError as error:
            raise LabError(
                f"Port {port(setting)} cannot be used ({error.strerror}). Stop the program that uses it (this lab in "
                f"its other mode? make down), or give another number to {setting} in .env."
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
