"""The ports that the lab uses on the user's machine: their settings, and whether they are free."""

import socket
from dataclasses import dataclass

from host.errors import LabError
from host.settings import port


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
    """Raise LabError if another program uses the port in the setting."""
    with socket.socket() as probe:
        # Servers set this option too. With it, a port that waits for late packets of a stopped lab counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port(setting)))
        except OSError as error:
            raise LabError(
                f"Port {port(setting)} cannot be used ({error.strerror}). Stop the program that uses it, or set "
                f"{setting} in .env to another number. If this lab uses it in its other mode: make down"
            ) from None


def free_ports(count: int) -> list[str]:
    """Return ports that no program uses now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [str(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
