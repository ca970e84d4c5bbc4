"""A program that runs in a terminal of 80 columns, and what its screen shows."""

import time
from collections.abc import Callable, Mapping

import pexpect
import pyte

from lab.known_errors import ESCAPE_SEQUENCE

COLUMNS = 80
LOOK_SECONDS = 0.05


class Terminal:
    """A program in a terminal."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], cwd: str, lines: int
    ) -> None:
        """Start a command in a terminal."""
        self._screen = pyte.Screen(COLUMNS, lines)
        self._stream = pyte.ByteStream(self._screen)
        # All that the program has printed, with colours and other sequences.
        self.printed = b""
        self.process = pexpect.spawn(
            command[0],
            command[1:],
            env=dict(environment) | {"TERM": "xterm-256color"},
            cwd=cwd,
            dimensions=(lines, COLUMNS),
            timeout=None,
        )

    def press(self, keys: str) -> None:
        """Type keys."""
        self.process.send(keys)

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self.process.sendintr()

    def resize(self, lines: int) -> None:
        """Give the terminal another number of lines."""
        self._screen.resize(lines, COLUMNS)
        self.process.setwinsize(lines, COLUMNS)

    @property
    def screen(self) -> str:
        """What the screen shows now."""
        self._read()
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def wait_for(self, text: str, seconds: float = 60) -> str:
        """Wait until the screen shows a text, which may be broken into lines. Return what the screen shows.

        Raises AssertionError if it does not show the text.
        """
        return self._wait(lambda screen: text in " ".join(screen.split()), text, seconds)

    def wait_for_absence(self, text: str, seconds: float = 60) -> str:
        """Wait until the screen does not show a text any more. Return what the screen shows.

        Raises AssertionError if it still shows the text.
        """
        return self._wait(lambda screen: text not in " ".join(screen.split()), text, seconds)

    def _wait(self, is_reached: Callable[[str], bool], text: str, seconds: float) -> str:
        """Wait until the screen meets a condition. Return what it shows."""
        deadline = time.monotonic() + seconds
        while not is_reached(screen := self.screen):
            assert time.monotonic() < deadline, f"Waited in vain for {text!r}:\n{screen}"
            time.sleep(LOOK_SECONDS)
        return screen

    @property
    def text(self) -> str:
        """All that the program has printed, without colours and other sequences."""
        self._read()
        return ESCAPE_SEQUENCE.sub("", self.printed.decode(errors="replace"))

    def is_running(self) -> bool:
        """Tell whether the program runs."""
        return self.process.isalive()

    def end(self, seconds: float = 30) -> int:
        """Wait until the program ends, and return its exit status."""
        deadline = time.monotonic() + seconds
        while self.is_running():
            assert time.monotonic() < deadline, f"The program does not end:\n{self.screen}"
            time.sleep(LOOK_SECONDS)
        self._read()
        return self.process.wait()

    def _read(self) -> None:
        """Pass what the program has printed so far to the screen."""
        try:
            while part := self.process.read_nonblocking(65536, timeout=0):
                self.printed += part
                self._stream.feed(part)
        except (pexpect.TIMEOUT, pexpect.EOF):
            pass
