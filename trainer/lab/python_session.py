"""Run a script in a Python of its own, together with all processes that the script starts in the same session."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from lab.processes import signal_group

# How long a process may take to end after Ctrl-C, before it is killed.
END_SECONDS = 3


@asynccontextmanager
async def running(*arguments: str, **options: Any) -> AsyncIterator[Process]:  # noqa: ANN401 - Popen's
    """Run Python with these arguments. At the end of the context, end it and the other processes of its session."""
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
            signal_group(process.pid, signal.SIGINT)
            await wait_for_end(process)
        signal_group(process.pid, signal.SIGKILL)
        await wait_for_end(process)


async def wait_for_end(process: Process) -> None:
    """Wait a few seconds until a process has ended. A process in another session may keep its output open."""
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), END_SECONDS)
