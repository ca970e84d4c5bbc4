"""Groups of processes: a process and those that it started."""

import os


def signal_group(pid: int, number: int) -> bool:
    """Send a signal to a process and to the processes that it started. Tell whether any of them is left."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        # macOS refuses the signal if all processes have ended.
        return False
    return True
