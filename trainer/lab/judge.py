"""Judge one exercise for `lab watch`, in a process of its own, so that `lab watch` can end it at any time.

    python -m lab.judge 03_models_pyfunc

Prints the verdict as JSON.
"""

import json
import sys
from dataclasses import asdict

from lab.lessons import find, lab_root, lessons
from lab.progress import runner
from lab.verdict import check


def main() -> None:
    """Print the verdict on the lesson that the command line names."""
    lesson = find(sys.argv[1], lessons(lab_root()))
    with runner() as run:
        verdict = check(lesson, run=run)
    print(json.dumps(asdict(verdict)))


if __name__ == "__main__":
    main()
