"""Check the learner's model through pyfunc, with flowers and limits that the learner has not seen."""

# %% Imports
import itertools
import sys
import tempfile
from textwrap import shorten

import numpy as np
import pandas as pd

from lab.checks.flowers import COLUMNS, clear_flowers
from lab.checks.model import error_with_type, load
from lab.checks.registry import (
    download,
    latest_champion,
    start_check,
    stop_if_a_later_run_failed,
)

client = start_check()
run_it = "python tutorial/06_flavors/exercise.py"

# %% The latest attempt
champion = latest_champion(client, "iris_sure", run_it)
stop_if_a_later_run_failed(client, "06_flavors_exercise", champion.version, run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)

# %% Three clear flowers of each species, and flowers between two species
clear, species = clear_flowers(3)
between = pd.DataFrame(
    [
        [6.0, 2.8, 4.7 + 0.05 * petal, 1.45 + 0.05 * width]
        for petal in range(8)
        for width in range(8)
    ],
    columns=COLUMNS,
)


def ask(rows: pd.DataFrame, sent: str, **params: float) -> np.ndarray:
    """Return the model's answers. Stop if it fails, or if the number of answers is wrong."""
    try:
        answers = np.asarray(model.predict(rows, params=params or None)).astype(str)
    except (Exception, SystemExit) as error:
        sys.exit(
            f"The check sent {sent} to {champion}. Expected one answer for each flower, "
            f"got {error_with_type(error)}\n"
            f"Correct the model or its signature, and run your exercise again: {run_it}"
        )
    if answers.shape not in ((len(rows),), (len(rows), 1)):
        sys.exit(
            f"The check sent {sent} to {champion}, and got answers of the shape {answers.shape}.\n"
            f"Return one answer for each of the {len(rows)} flowers. For some of them it is unsure."
        )
    return answers.ravel()


# %% It answers names
answers = ask(clear, "nine flowers")
if not set(answers) <= {*species, "unsure"}:
    sys.exit(
        f"The check sent nine flowers to {champion}. Expected the names of the species or unsure, "
        f"got {shorten(', '.join(sorted(set(answers))), 100)}.\n"
        "Write a PythonModel that turns the numbers of the classifier into names, as in step 4 of the lesson."
    )
if (ask(clear.astype("float32"), "the same nine flowers as float32") != answers).any():
    sys.exit(
        f"{champion} answers differently if the same flowers come as float32.\n"
        "In predict, give model_input to the classifier as it is."
    )

# %% The parameter
schema = model.metadata.get_params_schema()
declared = {param.name: param.default for param in (schema.params if schema else [])}
if "at_least" not in declared:
    sys.exit(
        f"{champion} has no parameter at_least in its signature, so MLflow ignores the value of a caller.\n"
        'Give infer_signature the argument params={"at_least": 0.8}.'
    )
if declared["at_least"] != 0.8:
    sys.exit(
        f"The default of at_least in the signature of {champion} is {declared['at_least']}, expected 0.8.\n"
        'Set it with infer_signature(..., params={"at_least": 0.8}).'
    )

# %% It is unsure about the right flowers
limits = (0.0, 0.5, 0.8, 0.95, 1.0)
unsure = {
    limit: ask(between, f"flowers between two species with at_least={limit}", at_least=limit)
    == "unsure"
    for limit in limits
}
counts = ", ".join(f"{int(mask.sum())} with at_least={limit}" for limit, mask in unsure.items())
if unsure[0.0].any() or not unsure[1.0].all():
    sys.exit(
        f"Of {len(between)} flowers between two species, {champion} is unsure about {counts}. "
        "Expected none with 0.0 and all with 1.0.\n"
        'In predict, compare the highest probability of each row with params["at_least"].'
    )
for lower, higher in itertools.pairwise(limits):
    if (unsure[lower] & ~unsure[higher]).any():
        sys.exit(
            f"{champion} is unsure with at_least={lower} about flowers of which it is sure with "
            f"at_least={higher} ({counts}).\n"
            "Answer unsure if the highest probability is below at_least, and the name otherwise."
        )
default = ask(between, "flowers between two species without a parameter")
if (default != ask(between, "the same flowers with at_least=0.8", at_least=0.8)).any():
    sys.exit(
        f"{champion} answers differently without the parameter than with at_least=0.8.\n"
        'Use params["at_least"] only: MLflow fills in the default from the signature.'
    )
named = ask(clear, "nine flowers with at_least=0.0", at_least=0.0)
right = int((named == species).sum())
if right < 8:
    sys.exit(
        f"With at_least=0.0, {champion} names the right species for {right} of nine clear flowers, "
        f"expected at least 8. Its answers: {shorten(', '.join(named), 120)}\n"
        "Answer the name of the class with the highest probability."
    )

# %% Passed
print(f"ok  {champion} is your latest version")
print(f"ok  it names the right species for {right} of 9 clear flowers, as float64 and as float32")
print(f"ok  of {len(between)} flowers between two species, it is unsure about {counts}")
