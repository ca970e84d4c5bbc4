"""The verdicts on several exercises: remembered, or found by checks that share one import of MLflow."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lab import remembered
from lab.fingerprint import program_digest
from lab.lessons import Lesson
from lab.verdict import Runner, Verdict, check, run_script

if TYPE_CHECKING:
    from lab.warm_python import WarmPython

# Most of the time they wait for the server. Where each of them imports MLflow, they need 250 MB each.
CHECKS_AT_A_TIME = 4
# What the checks import, and MLflow when it loads and asks a scikit-learn model. It takes longer than the checks.
IMPORTED = [
    "lab.checks.model",
    "lab.checks.registry",
    "lab.packages_of_modules",
    "mlflow.sklearn",
    "mlflow.tracking.request_header.registry",
    "mlflow.tracing.processor.base_mlflow",
    "narwhals._pandas_like.dataframe",
    "narwhals._pandas_like.namespace",
    "netrc",
    "opentelemetry.sdk.metrics",
    "pyarrow.pandas_compat",
    "skops.io",
    "IPython.display",
]


def verdicts(among: list[Lesson], root: Path, afresh: bool = False) -> Iterator[Verdict]:
    """Yield the verdict on each lesson. Check only the lessons of which no verdict is remembered.

    With `afresh`, check all of them. Checks that have not begun when the caller stops reading do not run.
    """
    # Before the checks, so that a change during a check makes the next command check again.
    known = remembered.present(root)
    left = [lesson for lesson in among if afresh or lesson.name not in known.verdicts]
    if not left:
        yield from (known.verdicts[lesson.name] for lesson in among)
        return
    with runner() as run, ThreadPoolExecutor(CHECKS_AT_A_TIME) as pool:
        running = {lesson.name: pool.submit(check, lesson, run=run) for lesson in left}
        try:
            for lesson in among:
                if lesson.name in running:
                    known.verdicts[lesson.name] = running[lesson.name].result()
                yield known.verdicts[lesson.name]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            remembered.save(root, known)


@contextmanager
def runner() -> Iterator[Runner]:
    """Lend a function that runs checks: in processes forked from a warm Python, which later commands use as well.

    Only on Linux. macOS's own libraries do not work in a forked process.
    """
    if sys.platform != "linux":
        yield run_script
        return
    try:
        python = warm_python()
    except OSError:
        # A socket's path must be short, and TMPDIR may be long.
        yield run_script
        return

    def run(
        script: Path, cwd: Path, timeout: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        try:
            return python.run(script, cwd, timeout)
        except (EOFError, OSError):
            # The system may have killed the warm Python, for example because memory is short.
            return run_script(script, cwd, timeout)

    try:
        yield run
    finally:
        python.close()


def warm_python() -> "WarmPython":
    """Return a warm Python whose environment and packages are those of this command. Raises OSError."""
    from lab.warm_python import SharedPython, WarmPython

    prefix, digest = os.environ.get("LAB_PYTHON_SOCKET"), program_digest()
    if not prefix or not digest:
        return WarmPython(modules=IMPORTED)
    address = Path(f"{prefix}-{digest[:16]}")
    for other in address.parent.glob(f"{Path(prefix).name}-*"):
        if other != address:
            # A server with other packages or variables. It ends when it sees that its socket is gone.
            other.unlink(missing_ok=True)
    return SharedPython(str(address), IMPORTED)
