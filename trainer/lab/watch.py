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
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console, ConsoleDimensions
from rich.live import Live
from sqlalchemy.exc import SQLAlchemyError

from lab.changes import Snapshot, changes, snapshot
from lab.errors import LabError
from lab.known_errors import find
from lab.last_error import SESSION, session
from lab.lessons import Lesson, lessons
from lab.overview import require_server
from lab.python_session import running
from lab.solution import show_solution
from lab.verdict import Verdict, as_shipped
from lab.watch_screen import State

# The seconds between two looks at the files. A folder that a virtual machine shares reports no changes.
LOOK_SECONDS = 0.2
# The screen keeps this much of the output.
OUTPUT_BYTES = 20_000

# The index of the flags in the list of a terminal's attributes.
LOCAL_FLAGS = 3
CTRL_C = "\x03"

# The time of the exercise in nanoseconds, and its size in bytes. None if there is no file.
Stamp = tuple[int, int] | None


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
    # Ctrl-C is a key like the others, so that it cannot interrupt the code that restores the screen.
    mode = termios.tcgetattr(sys.stdin)
    mode[LOCAL_FLAGS] &= ~termios.ISIG
    termios.tcsetattr(sys.stdin, termios.TCSANOW, mode)
    try:
        yield
    finally:
        # Discard the keys that are left, so that the shell does not read them.
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


class Watch:
    """The loop that watches one lesson's exercise, and its state."""

    def __init__(self, lesson: Lesson, live: Live) -> None:
        """Watch this lesson's exercise, and draw the screen with `live`."""
        self.lesson = lesson
        self.live = live
        self.state = State(lesson)
        # What the screen shows now, and how large it is.
        self.drawn: tuple[State, ConsoleDimensions] | None = None
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.job: asyncio.Task[None] | None = None

    async def loop(self) -> Lesson | None:
        """Handle keys and saved files until the user quits. Return the lesson to watch next, or None."""
        loop = asyncio.get_running_loop()
        loop.add_reader(sys.stdin, self.read_key)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.keys.put_nowait, "q")
        ran = seen = stamp(self.lesson.exercise)
        if as_shipped(self.lesson):
            self.state.advice = f"Edit {self.name} and save it. Then it runs."
        else:
            self.job = asyncio.create_task(self.judge())
        try:
            while True:
                self.draw()
                key = await self.key()
                if self.job and self.job.done():
                    # This raises an error of the lab itself, so that you see it.
                    self.job.result()
                if key in ("q", CTRL_C):
                    return None
                if key == "n" and (following := self.following()):
                    return following
                if key in ("h", "s"):
                    await {"h": self.hint, "s": self.solution}[key]()
                now = stamp(self.lesson.exercise)
                # An editor may save in several steps. So the file counts if it stays the same for a moment.
                is_saved = now is not None and now == seen and now != ran
                if key == "r" or is_saved:
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
        now = self.state, self.live.console.size
        if now != self.drawn:
            self.live.update(self.state, refresh=True)
            self.drawn = deepcopy(now)

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
        key = await self.keys.get()
        if key in ("q", CTRL_C):
            self.keys.put_nowait(key)
        self.live.start()
        self.drawn = None

    async def run_and_judge(self) -> None:
        """Run the exercise, show what it changed, and check it."""
        state = self.state = State(self.lesson)
        before = await asyncio.to_thread(readable_snapshot)
        status = await self.run_exercise()
        state.changes = await asyncio.to_thread(changes_since, before)
        if status == 0:
            await self.judge()
            return
        state.status = ""
        answer = await asyncio.to_thread(find, "\n".join(state.output))
        text = f"{answer}\n" if answer else ""
        how = f"with exit status {status}" if status > 0 else f"because of signal {-status}"
        text += f"The exercise ended {how}. Correct it, and save it."
        state.verdict = Verdict(False, text)

    async def run_exercise(self) -> int:
        """Run the exercise, show its output, and return its exit status."""
        # Its errors count as errors of this shell, so that `lab why` finds them.
        environment = os.environ | {"PYTHONUNBUFFERED": "1", SESSION: session()}
        began = time.monotonic()
        async with running(
            self.name, cwd=self.lesson.root, env=environment, stderr=STDOUT
        ) as process:
            reading = asyncio.create_task(self.read_output(process))
            # process.wait() waits until the output is closed, too, and a process that the exercise has started may
            # keep it open.
            while process.returncode is None:
                seconds = time.monotonic() - began
                self.state.status = f"Running {self.name} … {seconds:.0f} s"
                await asyncio.sleep(LOOK_SECONDS / 4)
            # Unlike asyncio.wait_for, this never swallows a cancellation.
            await asyncio.wait({reading}, timeout=LOOK_SECONDS)
            reading.cancel()
            return process.returncode

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
            state.advice = f"Edit {self.name} and save it. Then it runs. Press h for a hint."


def stamp(file: Path) -> Stamp:
    """Return the stamp of a file, or None if there is no file at this moment."""
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def readable_snapshot() -> Snapshot | None:
    """Return what the database contains now, or None if it cannot be read."""
    try:
        return snapshot()
    except (SQLAlchemyError, KeyError):
        return None


def changes_since(before: Snapshot | None) -> list[tuple[str, str]]:
    """Return what has changed since a snapshot, as pairs of a label and a text."""
    after = readable_snapshot()
    if before is None or after is None:
        return [("", "The database cannot be read. To see why, quit and type: lab doctor")]
    try:
        return list(changes(before, after))
    except (BotoCoreError, ClientError, OSError):
        return [("", "The store cannot be read. To see why, quit and type: lab doctor")]
