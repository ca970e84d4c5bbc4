"""One learner, inside a lab: python -m tests.inside.learner SEED

Runs every lesson under names of its own, in an order that the seed gives, each with its
examples behind it, and removes what it made. Ends with 1 and the script's words if one fails.
"""

import os
import random
import sys
import tempfile
from pathlib import Path

from lab.lessons import LEFT_OUT, Lesson, lab_root, lessons
from tests.inside.free_servers import servers_at_free_ports
from tests.inside.sandbox import copy_under_other_names, remove_everything, what_is_missing
from tests.inside.warm_python import WarmPython

if __name__ == "__main__":
    order = random.Random(sys.argv[1])  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        prefix = copy_under_other_names(Path(folder))
        os.environ["LAB_OUTPUT"] = f"{folder}/output"
        python = WarmPython()
        try:
            shuffled = lessons(lab_root())
            order.shuffle(shuffled)
            for lesson in shuffled:
                copy = Lesson(Path(folder), Path(folder, "tutorial", f"{prefix}_{lesson.name}"))
                with servers_at_free_ports(copy):
                    for script in lesson.scripts:
                        top, name_of_folder, name = Path(script).parts
                        path = Path(top, f"{prefix}_{name_of_folder}", name)
                        ran = what_is_missing(copy, python) or python.run(path, Path(folder))
                        if ran.returncode not in (0, LEFT_OUT):
                            sys.exit(f"{script}\n{ran.stdout}\n{ran.stderr}")
                        print(script, flush=True)
        finally:
            python.close()
            remove_everything(prefix)
