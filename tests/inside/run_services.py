"""Run the servers that a lesson calls until standard input ends: python -m tests.inside.run_services 05_serving

Prints "ready" when the lesson can run. Closing standard input, as warm_python.py has it, also reaches a container.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from rich.console import Console

from host.ports import free_ports
from lab.errors import LabError
from lab.lessons import Lesson, find, lab_root, lessons
from lab.services import description, running


@contextmanager
def running_at_free_ports(lesson: Lesson) -> Iterator[None]:
    """Run the servers of a lesson, or of a copy of one, beside those of a learner; scripts read os.environ."""
    services = description(lesson).services
    ports = free_ports(len(services))
    addresses = {
        service.variable: f"http://127.0.0.1:{port}"
        for service, port in zip(services, ports, strict=True)
    }
    with patch.dict("os.environ", addresses), running(lesson, Console(quiet=True)):
        yield


if __name__ == "__main__":
    try:
        with running(find(sys.argv[1], lessons(lab_root())), Console(quiet=True)):
            print("ready", flush=True)
            sys.stdin.read()
    except LabError as error:
        sys.exit(str(error))
