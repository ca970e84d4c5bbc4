"""The verdicts on several exercises: remembered, or found by checks that share one import of MLflow."""

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
from lab.private_folder import lab_folder
from lab.verdict import Runner, Verdict, check, run_script

if TYPE_CHECKING:
    from lab.warm_python import WarmPython

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

    With `afresh`, check all of them, and use no Python that ran before. Checks that have not begun when the caller
    stops reading do not run.
    """
    # Before the checks, so that a change during a check makes the next command check again.
    known = remembered.present(root)
    left = [lesson for lesson in among if afresh or lesson.name not in known.verdicts]
    if not left:
        yield from (known.verdicts[lesson.name] for lesson in among)
        return
    with runner(afresh) as run, ThreadPoolExecutor(at_a_time(run)) as pool:
        running = {lesson.name: pool.submit(check, lesson, run=run) for lesson in left}
        try:
            for lesson in among:
                if lesson.name in running:
                    known.verdicts[lesson.name] = running[lesson.name].result()
                yield known.verdicts[lesson.name]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            remembered.save(root, known)


def at_a_time(run: Runner) -> int:
    """Return how many checks run at the same time. If each of them imports MLflow, they need memory and processors."""
    return 2 if run is run_script else 4


@contextmanager
def runner(afresh: bool = False) -> Iterator[Runner]:
    """Lend a function that runs a check or another script.

    With `afresh`, each script runs in a new Python. Otherwise it runs in a process forked from a warm Python, which
    later commands use as well. On macOS each script runs in a new Python, because macOS's own libraries do not work in
    a forked process.
    """
    if sys.platform != "linux" or afresh:
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

    folder, digest = lab_folder(), program_digest()
    if not folder or not digest:
        return WarmPython(modules=IMPORTED)
    return SharedPython(folder, f"python-{digest[:16]}", IMPORTED)
