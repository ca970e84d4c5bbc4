"""The verdicts on several exercises: remembered, or found by checks that share one import of MLflow."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from lab import remembered
from lab.lessons import Lesson
from lab.verdict import Runner, Verdict, check, run_script

# More at a time would not be faster on a small machine.
CHECKS_AT_A_TIME = 2
# The module that every check imports, which takes longer than the check itself.
IMPORTED = ["mlflow.pyfunc"]
# The modules that MLflow imports to load a scikit-learn model. Importing them takes as long again, so they are only
# imported in advance if a lesson has passed.
IMPORTED_FOR_MODELS = ["mlflow.sklearn", "skops.io", "IPython.display"]


def verdicts(among: list[Lesson], root: Path, afresh: bool = False) -> Iterator[Verdict]:
    """Yield the verdict on each lesson. Check only the lessons of which no verdict is remembered.

    With `afresh`, check all of them. Checks that have not begun when the caller stops reading do not run.
    """
    # Before the checks, so that a change during a check makes the next command check again.
    known = remembered.present(root)
    left = [lesson for lesson in among if afresh or lesson.name not in known.verdicts]
    with runner(left, root) as run, ThreadPoolExecutor(CHECKS_AT_A_TIME) as pool:
        running = {lesson.name: pool.submit(check, lesson, run=run) for lesson in left}
        try:
            for lesson in among:
                if lesson.name in running:
                    known.verdicts[lesson.name] = running[lesson.name].result()
                yield known.verdicts[lesson.name]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            if left:
                remembered.save(root, known)


@contextmanager
def runner(lessons: list[Lesson], root: Path) -> Iterator[Runner]:
    """Lend a function that runs the lessons' checks: in forked processes if there are several checks.

    Only on Linux. macOS's own libraries do not work in a forked process.
    """
    if len(lessons) < 2 or sys.platform != "linux":
        yield run_script
        return
    from lab.warm_python import WarmPython

    passed_before = any(verdict.passed for verdict in remembered.read(root).verdicts.values())
    modules = IMPORTED + IMPORTED_FOR_MODELS if passed_before else IMPORTED
    try:
        python = WarmPython(modules=modules)
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
