"""Check that both champions predict correctly alone, and in one process in both orders."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from lab.checks.registry import start_check
from lab.drilling import judging

client = start_check()
# Petal lengths in centimetres and in inches. They are not the flowers in the report.
lengths = {"garden": [1.5, 4.4, 5.9, 1.2, 4.0, 5.3], "field": [0.6, 1.7, 2.3, 0.5, 1.5, 2.1]}
expected = ["setosa", "versicolor", "virginica"] * 2
champions = {
    place: judging.find_champion(client, f"drill_second_model_{place}") for place in lengths
}


@contextmanager
def as_in_a_new_process() -> Iterator[None]:
    """Remove the folders and modules that models added to this process."""
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
    """Load the models in this order. Return how many wrong predictions each of them makes."""
    with as_in_a_new_process():
        models = {place: judging.load(champions[place]) for place in order}
        wrong = {}
        for place, model in models.items():
            rows = pd.DataFrame({"petal_length": lengths[place]})
            predicted = judging.predictions(model, champions[place], rows)
            wrong[place] = sum(a != b for a, b in zip(predicted, expected, strict=True))
        return wrong


def same_modules() -> str:
    """Return a sentence with the names of the modules that both models contain, or "" if there are none."""
    modules = [
        {file.stem for file in Path(judging.download(champion), "code").glob("*.py")}
        for champion in champions.values()
    ]
    both = sorted(set.intersection(*modules))
    return f"\nBoth models contain a module with the same name: {', '.join(both)}." if both else ""


def other_names() -> str:
    """Return a sentence about a model that was registered under another name, or "" if there is none."""
    known = {champion.version.name for champion in champions.values()}
    registered = client.search_registered_models("name LIKE 'drill_second_model_%'")
    others = [model.name for model in registered if model.name not in known]
    if not others:
        return ""
    return (
        f"\nThere is also a model {others[0]}. The folder's name is part of the model's name. Call the folder garden "
        "or field."
    )


for place, champion in champions.items():
    if wrong := mistakes([place])[place]:
        sys.exit(
            f"{champion}, loaded without the other model, predicts the wrong species for {wrong} of {len(expected)} "
            f"flowers from the {place}.{other_names()}"
        )
# Before the learner has tried a repair, the name of the module would give the cause away.
is_repaired = any(champion.version.version != "1" for champion in champions.values())
remarks = other_names() + (same_modules() if is_repaired else "")
for order in (["garden", "field"], ["field", "garden"]):
    for place, wrong in mistakes(order).items():
        if wrong:
            sys.exit(
                f"The check loaded the model {order[0]}, then the model {order[1]}, and called both. The model {place} "
                f"predicted the wrong species for {wrong} of {len(expected)} flowers. Alone, both models are "
                f"correct.{remarks}"
            )
for champion in champions.values():
    print(f"ok  {champion} is correct alone")
print("ok  both models are correct in one process, in both orders")
