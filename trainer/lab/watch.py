"""`lab watch`: run and check an exercise whenever it is saved, and show on one screen what to do next.

The main loop reads the keys and looks for changed files. A task runs and checks the exercise, and the next save
cancels it.
"""

import asyncio
import json
import os
import signal
import sys
import termios
import time
import tty
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from sqlalchemy.exc import SQLAlchemyError

from lab.changes import Snapshot, changes, snapshot
from lab.errors import LabError
from lab.known_errors import find
from lab.lessons import Lesson, lessons
from lab.overview import require_server
from lab.solution import show_solution
from lab.verdict import Verdict, as_shipped
from lab.watch_screen import State

# How often the files are looked at. Folders that are shared with a virtual machine report no changes.
LOOK_SECONDS = 0.2
# How long a process may take to end after Ctrl-C, before it is killed.
END_SECONDS = 3
# How much of the output is kept.
OUTPUT_BYTES = 20_000

# For each file its time in nanoseconds and its size in bytes.
Stamps = dict[Path, tuple[int, int]]


def watch(lesson: Lesson, console: Console) -> Lesson | None:
    """Watch a lesson's exercise until the user quits. Return the lesson to watch next, or None.

    Raises LabError if there is no terminal or no server.
    """
    if not (sys.stdin.isatty() and console.is_terminal) or console.is_dumb_terminal:
        exercise = lesson.exercise.relative_to(lesson.root)
        raise LabError(
            "`lab watch` redraws a screen, and there is no terminal here. Run and check your exercise instead: "
            f"python {exercise} && lab check {lesson.short_number}\n"
            "With Docker Compose, `docker compose exec trainer` gives you a terminal if you leave out -T."
        )
    require_server()
    with keys_at_once(), Live(console=console, screen=True, auto_refresh=False) as live:
        return asyncio.run(Watch(lesson, live).loop())


@contextmanager
def keys_at_once() -> Iterator[None]:
    """Make the terminal pass on each key when it is pressed, without showing it."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


class Watch:
    """One lesson's exercise, watched."""

    def __init__(self, lesson: Lesson, live: Live) -> None:
        """Watch this lesson's exercise, and draw the screen with `live`."""
        self.lesson = lesson
        self.live = live
        self.state = State(lesson)
        self.drawn: State | None = None
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.job: asyncio.Task[None] | None = None

    async def loop(self) -> Lesson | None:
        """Handle keys and saved files until the user quits. Return the lesson to watch next, or None."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, self.read_key)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.keys.put_nowait, "q")
        ran = seen = stamps(self.lesson)
        if as_shipped(self.lesson):
            self.state.advice = f"Edit {self.name} and save it: then it runs."
        else:
            self.job = asyncio.create_task(self.judge())
        try:
            while True:
                self.draw()
                key = await self.key()
                if self.job and self.job.done():
                    # An error of the lab itself must be seen.
                    self.job.result()
                if key == "q":
                    return None
                if key == "n" and (following := self.following()):
                    return following
                if key in ("h", "s"):
                    await {"h": self.hint, "s": self.solution}[key]()
                now = stamps(self.lesson)
                # An editor may save in several steps. So the files count if they stay the same for a moment.
                is_complete = now == seen and self.lesson.exercise in now
                if key == "r" or (is_complete and now != ran):
                    await self.end_job()
                    ran = now
                    self.job = asyncio.create_task(self.run_and_judge())
                seen = now
        finally:
            await self.end_job()

    def read_key(self) -> None:
        """Put the key that was pressed into the queue. A terminal that was closed counts as q."""
        self.keys.put_nowait(os.read(sys.stdin.fileno(), 1).decode(errors="replace") or "q")

    async def key(self) -> str:
        """Return the next key, or an empty text after a moment without one."""
        try:
            return await asyncio.wait_for(self.keys.get(), LOOK_SECONDS)
        except TimeoutError:
            return ""

    def draw(self) -> None:
        """Draw the screen if it has changed."""
        if self.state != self.drawn or self.job_is_running():
            self.live.update(self.state, refresh=True)
            self.drawn = deepcopy(self.state)

    def job_is_running(self) -> bool:
        """Tell whether the exercise runs or is checked at the moment."""
        return self.job is not None and not self.job.done()

    async def end_job(self) -> None:
        """End the exercise and its check if they run."""
        if self.job and not self.job.done():
            self.job.cancel()
            self.state.status = "Stopping …"
            self.draw()
            with suppress(asyncio.CancelledError):
                await self.job

    @property
    def name(self) -> str:
        """The path of the exercise from the lab's folder."""
        return str(self.lesson.exercise.relative_to(self.lesson.root))

    def following(self) -> Lesson | None:
        """Return the lesson after this one. If there is none, say so and return None."""
        known = lessons(self.lesson.root)
        after = known[known.index(self.lesson) + 1 :]
        if not after:
            self.state.advice = "This is the last lesson."
        return after[0] if after else None

    async def hint(self) -> None:
        """Show the next hint. After the last one, show the first one again."""
        self.state.hint = self.state.hint % len(self.lesson.hints) + 1

    async def solution(self) -> None:
        """Show the solution on a screen of its own until a key is pressed, if the exercise has passed."""
        if not (self.state.verdict and self.state.verdict.passed):
            self.state.advice = (
                "You can compare your exercise with the solution after it has passed. "
                f"To see the solution now, quit and type: lab solution {self.lesson.short_number} --spoil"
            )
            return
        self.live.stop()
        show_solution(self.lesson, self.live.console)
        self.live.console.print("\n[dim]Press any key to go back.[/dim]")
        await self.keys.get()
        self.live.start()
        self.drawn = None

    async def run_and_judge(self) -> None:
        """Run the exercise, show what it changed, and check it."""
        state = self.state = State(self.lesson)
        before = await asyncio.to_thread(readable_snapshot)
        status = await self.run_exercise()
        after = await asyncio.to_thread(readable_snapshot)
        state.changes = difference(before, after)
        if status == 0:
            await self.judge()
            return
        state.status = ""
        answer = find("\n".join(state.output))
        text = f"{answer}\n" if answer else ""
        state.verdict = Verdict(
            False, f"{text}The exercise ended with exit status {status}. Correct it, and save it."
        )

    async def run_exercise(self) -> int:
        """Run the exercise, show its output, and return its exit status."""
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        began = time.monotonic()
        async with running(
            self.name, cwd=self.lesson.root, env=environment, stderr=STDOUT
        ) as process:
            reading = asyncio.create_task(self.read_output(process))
            ended = asyncio.create_task(process.wait())
            while not ended.done():
                seconds = time.monotonic() - began
                self.state.status = f"Running {self.name} … {seconds:.0f} s"
                # Unlike asyncio.wait_for, this never swallows a cancellation.
                await asyncio.wait({ended}, timeout=LOOK_SECONDS)
            # A process that the exercise has started may keep the output open.
            await asyncio.wait({reading}, timeout=LOOK_SECONDS)
            reading.cancel()
            return ended.result()

    async def read_output(self, process: Process) -> None:
        """Show the end of what a process prints."""
        received = b""
        while part := await process.stdout.read(4096):  # type: ignore[union-attr]
            received = (received + part)[-OUTPUT_BYTES:]
            self.state.output = received.decode(errors="replace").splitlines()

    async def judge(self) -> None:
        """Check what the exercise created, and show the verdict."""
        state = self.state
        state.status = "Checking …"
        async with running(
            "-m", "lab.judge", self.lesson.name, cwd=self.lesson.root, stderr=DEVNULL
        ) as process:
            printed, _ = await process.communicate()
        state.status = ""
        number = self.lesson.short_number
        if process.returncode != 0:
            state.advice = f"The check failed. To see why, quit and type: lab check {number}"
            return
        state.verdict = Verdict(**json.loads(printed))
        if state.verdict.passed:
            state.advice = "Press s to compare with the solution, or n for the next lesson."
        else:
            state.advice = f"Edit {self.name} and save it: then it runs. Press h for a hint."


@asynccontextmanager
async def running(*arguments: str, **options: Any) -> AsyncIterator[Process]:  # noqa: ANN401 - Popen's
    """Run Python with these arguments. At the end of the context, end it and all that it has started."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        stdin=DEVNULL,
        stdout=PIPE,
        # A session of its own, so that the processes that it starts can be ended with it.
        start_new_session=True,
        **options,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            signal_group(process, signal.SIGINT)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_SECONDS)
        signal_group(process, signal.SIGKILL)
        await process.wait()


def signal_group(process: Process, number: int) -> None:
    """Send a signal to a process and to those that it has started."""
    # macOS refuses it if all of them have ended.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def stamps(lesson: Lesson) -> Stamps:
    """Return the stamps of the exercise and of the other modules in its folder."""
    found: Stamps = {}
    for path in lesson.folder.glob("*.py"):
        # An editor may replace a file at this moment.
        with suppress(OSError):
            status = path.stat()
            found[path] = status.st_mtime_ns, status.st_size
    return found


def readable_snapshot() -> Snapshot | None:
    """Return what the database contains now, or None if it cannot be read."""
    try:
        return snapshot()
    except (SQLAlchemyError, KeyError):
        return None


def difference(before: Snapshot | None, after: Snapshot | None) -> list[tuple[str, str]]:
    """Return what changed, as pairs of a label and a text."""
    if before is None or after is None:
        return [("", "The database cannot be read. To see why, quit and type: lab doctor")]
    return list(changes(before, after))
