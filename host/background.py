"""Servers of the embedded mode, which keep running after the command that has started them."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from host.errors import LabError

START_TIMEOUT_SECONDS = 90
# A silence longer than this needs an explanation.
SILENCE_SECONDS = 2


@dataclass(frozen=True)
class Background:
    """A server in the background: its name for the user, the folder with its log and process id, and its mark."""

    name: str
    folder: Path
    # A part of its command line that no other process's command line contains.
    mark: str

    @property
    def log(self) -> Path:
        """The file to which it prints."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> Path:
        """The file that contains its process id while it runs."""
        return self.folder / f"{self.name}.pid"

    def running(self) -> tuple[int, str] | None:
        """Return the id of the running process and its command line, or None."""
        try:
            pid = int(self.pid.read_text())
            if Path("/proc/self").exists():
                command = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
            else:
                ps = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
                command = subprocess.run(ps, text=True, capture_output=True).stdout
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        # After a reboot, the id in the file may belong to another process.
        return (pid, command) if self.mark in command else None

    def start(
        self, command: list[object], env: dict[str, str], cwd: Path
    ) -> subprocess.Popen[bytes]:
        """Start the process in a session of its own, so that it outlives this command and its Ctrl-C."""
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [str(word) for word in command],
                env=env,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.pid.write_text(str(process.pid))
        return process

    def wait_for(self, url: str, started: subprocess.Popen[bytes] | None) -> None:
        """Return when `url` answers. Raises LabError with the end of the log if the process ends or is too slow."""
        began = time.monotonic()
        has_explained = False
        while not answers(url):
            if started and started.poll() is not None:
                raise LabError(
                    f"The {self.name} ended while it started. Its log ends with:\n{self.log_end()}"
                )
            waited = time.monotonic() - began
            if waited > SILENCE_SECONDS and not has_explained:
                print(
                    f"Waiting for the {self.name} to answer, for up to {START_TIMEOUT_SECONDS} s …",
                    flush=True,
                )
                has_explained = True
            if waited > START_TIMEOUT_SECONDS:
                raise LabError(
                    f"The {self.name} does not answer after {START_TIMEOUT_SECONDS} s. "
                    f"Its log ends with:\n{self.log_end()}"
                )
            time.sleep(0.2)

    def log_end(self) -> str:
        """Return the last lines of the log."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-8:])

    def stop(self) -> bool:
        """Stop the process and all processes that it has started. Return whether it was running."""
        running = self.running()
        if running:
            os.killpg(running[0], signal.SIGTERM)
            for tenth in range(100):
                if self.running() is None:
                    break
                if tenth == SILENCE_SECONDS * 10:
                    print(f"Waiting for the {self.name} to stop, for up to 10 s …", flush=True)
                time.sleep(0.1)
            else:
                os.killpg(running[0], signal.SIGKILL)
        self.pid.unlink(missing_ok=True)
        return running is not None


def answers(url: str) -> bool:
    """Tell whether a server on this machine answers with status 200. Ignore the environment's settings for proxies."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=2) as response:
            return bool(response.status == 200)
    except (OSError, urllib.error.URLError):
        return False
