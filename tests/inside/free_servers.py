"""The servers that a lesson calls, at free ports: beside those of a learner who follows the same lesson."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from rich.console import Console

from lab.lessons import Lesson
from lab.services import description, running


@contextmanager
def servers_at_free_ports(lesson: Lesson) -> Iterator[None]:
    """Run the servers of a lesson, or of a copy of one; scripts find the addresses in os.environ."""
    services = description(lesson).services
    with ExitStack() as probes:
        ports = [
            probes.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
            for _ in services
        ]
    addresses = {
        service.variable: f"http://127.0.0.1:{port}"
        for service, port in zip(services, ports, strict=True)
    }
    with patch.dict("os.environ", addresses), running(lesson, Console(quiet=True)):
        yield
