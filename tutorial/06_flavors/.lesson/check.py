"""Ask the learner's model through pyfunc, with flowers and limits of the check's own."""

# %% Imports
import itertools
import sys
import tempfile
from textwrap import shorten

import numpy as np
import pandas as pd

from lab.checks.flowers import COLUMNS, clear_flowers
from lab.checks.model import error_with_type, load
from lab.checks.registry import download, latest_champion, start_check

run_it = "python tutorial/06_flavors/exercise.py"

# %% The latest attempt
champion = latest_champion(start_check(), "iris_sure", run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)

# %% Three clear flowers of each species, and some in between
clear, species = clear_flowers(3)
between = pd.DataFrame(
    [
        [6.0, 2.8, 4.7 + 0.05 * petal, 1.45 + 0.05 * width]
        for petal in range(8)
        for width in range(8)
    ],
    columns=COLUMNS,
)


def ask(rows: pd.DataFrame, question: str, **params: float) -> np.ndarray:
    """Return the model's answers. Stop if it fails, or does not give one to each flower."""
    try:
        answers = np.asarray(model.predict(rows, params=params or None)).astype(str)
    except (Exception, SystemExit) as error:
        sys.exit(
            f"{champion} was asked {question}, expected an answer to each flower, "
            f"got {error_with_type(error)}\n"
            "Correct the model or its signature, and run your exercise again."
        )
    if answers.shape not in ((len(rows),), (len(rows), 1)):
        sys.exit(
            f"{champion} was asked {question}, and gives answers of the shape {answers.shape} to "
            f"{len(rows)} flowers.\nGive an answer to each flower, unsure is one too."
        )
    return answers.ravel()


# %% It answers with names
answers = ask(clear, "for nine flowers")
if not set(answers) <= {*species, "unsure"}:
    sys.exit(
        f"{champion} answers {shorten(', '.join(sorted(set(answers))), 100)} to nine flowers, "
        "expected the names of the species, or unsure.\n"
        "A model of your own, a PythonModel, can turn what the classifier says into names."
    )
if (ask(clear.astype("float32"), "for the same flowers as float32") != answers).any():
    sys.exit(f"{champion} gives other answers when the same flowers come as float32.")

# %% The parameter
schema = model.metadata.get_params_schema()
declared = {param.name: param.default for param in (schema.params if schema else [])}
if "at_least" not in declared:
    sys.exit(
        f"{champion} has no parameter at_least in its signature, so MLflow ignores what callers give.\n"
        "infer_signature takes params={...} with the defaults."
    )
if declared["at_least"] != 0.8:
    sys.exit(
        f"{champion} has at_least = {declared['at_least']} where callers give nothing, expected 0.8."
        "\nThe default stands in the signature: infer_signature(..., params={...})."
    )

# %% It is unsure of the right flowers
limits = (0.0, 0.5, 0.8, 0.95, 1.0)
unsure = {
    limit: ask(between, f"with at_least={limit}", at_least=limit) == "unsure" for limit in limits
}
counts = ", ".join(f"{int(mask.sum())} at {limit}" for limit, mask in unsure.items())
if unsure[0.0].any() or not unsure[1.0].all():
    sys.exit(
        f"{champion} is unsure of {counts} of {len(between)} flowers, expected none at 0.0 and all at 1.0.\n"
        "Compare the highest probability with params['at_least'] at every call."
    )
for lower, higher in itertools.pairwise(limits):
    if (unsure[lower] & ~unsure[higher]).any():
        sys.exit(
            f"{champion} is unsure at {lower} of flowers of which it is sure at {higher} ({counts}).\n"
            "A flower whose highest probability is below at_least is one to be unsure of."
        )
if (ask(between, "without the parameter") != ask(between, "with 0.8", at_least=0.8)).any():
    sys.exit(f"{champion} gives other answers without the parameter than with at_least=0.8.")
named = ask(clear, "with at_least=0.0", at_least=0.0)
right = int((named == species).sum())
if right < 8:
    sys.exit(
        f"{champion} names {right} of nine clear flowers right with at_least=0.0, expected 8: "
        f"{shorten(', '.join(named), 120)}\nThe name belongs to the class with the highest probability."
    )

# %% Passed
print(f"ok  {champion} is your latest")
print(f"ok  {right} of 9 clear flowers right, as float64 and as float32")
print(f"ok  of {len(between)} flowers between two species it is unsure of {counts}")
