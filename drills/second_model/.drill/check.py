"""Both champions must be right in one process, in both orders, and alone."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import judging
import pandas as pd

from lab.checks.registry import start_check

client = start_check()
# In centimetres, and in inches. The report has other flowers.
lengths = {"garden": [1.5, 4.4, 5.9, 1.2, 4.0, 5.3], "field": [0.6, 1.7, 2.3, 0.5, 1.5, 2.1]}
expected = ["setosa", "versicolor", "virginica"] * 2
versions = {place: judging.champion(client, f"drill_second_model_{place}") for place in lengths}


@contextmanager
def like_a_new_process() -> Iterator[None]:
    """Forget what a model adds to this process: its folders and its modules."""
    path, modules = list(sys.path), set(sys.modules)
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.startswith(judging.scratch.name):
                del sys.modules[name]


def mistakes(order: list[str]) -> dict[str, int]:
    """Load models in this order. Return how many of the flowers each of them names wrongly."""
    with like_a_new_process():
        models = {place: judging.load(versions[place]) for place in order}
        wrong = {}
        for place, model in models.items():
            rows = pd.DataFrame({"petal_length": lengths[place]})
            given = judging.answers(model, versions[place], rows)
            wrong[place] = sum(a != b for a, b in zip(given, expected, strict=True))
        return wrong


def same_modules() -> str:
    """Return a sentence that names the modules that both models bring, or "" if there is none."""
    brought = [
        {file.stem for file in Path(judging.download(version), "code").glob("*.py")}
        for version in versions.values()
    ]
    both = sorted(set.intersection(*brought))
    return f"\nBoth models bring a module of the same name: {', '.join(both)}." if both else ""


def other_names() -> str:
    """Return a sentence about a model that was registered under another name, or "" if there is none."""
    known = {version.name for version in versions.values()}
    others = [
        model.name
        for model in client.search_registered_models("name LIKE 'drill_second_model_%'")
        if model.name not in known
    ]
    return (
        f"\nThere is also a model {others[0]}. The name of the folder decides: call the folder garden or field."
        if others
        else ""
    )


for place, version in versions.items():
    if wrong := mistakes([place])[place]:
        sys.exit(
            f"{judging.label(version)}, loaded without the other model, names {wrong} of {len(expected)} "
            f"flowers from the {place} wrongly.{other_names()}"
        )
# Before somebody has tried a repair, the name of the module would be the answer.
is_repaired = any(version.version != "1" for version in versions.values())
remarks = other_names() + (same_modules() if is_repaired else "")
for order in (["garden", "field"], ["field", "garden"]):
    for place, wrong in mistakes(order).items():
        if wrong:
            sys.exit(
                f"Loaded {order[0]}, then {order[1]}, and then asked both: the model {place} names {wrong} of "
                f"{len(expected)} flowers wrongly. Alone, both models are right.{remarks}"
            )
for version in versions.values():
    print(f"ok  {judging.label(version)} is right alone")
print("ok  together they are right in both orders")
