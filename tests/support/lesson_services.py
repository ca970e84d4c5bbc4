"""The servers that a lesson calls, run in a lab while tests run the lesson's scripts one by one.

`lab run` and `lab demo` start them by themselves. A test that runs a script in another way, as a notebook or with
`python`, does so within `services_of(lab, lesson)`.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from lab.lessons import Lesson
from tests.support.labs import Lab


@contextmanager
def services_of(lab: Lab, lesson: Lesson, service: str = "trainer") -> Iterator[None]:
    """Run the lesson's servers in the lab, on the stack in the container of `service`; most lessons need none."""
    if not (lesson.support / "services.toml").exists():
        yield
        return
    process = lab.popen(
        *("python", "-m", "tests.inside.run_services", lesson.name),
        service=service,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Ctrl-C is for pytest, which then closes standard input.
        start_new_session=True,
    )
    line = process.stdout.readline()
    if line != "ready\n":
        raise AssertionError(f"{line}{process.communicate()[1]}")
    try:
        yield
    finally:
        process.communicate()
