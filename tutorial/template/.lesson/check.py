"""Check the exercise of lesson 00: load the model by its address, as a colleague would."""

# %% Imports
import sys
import tempfile

from lab.checks.flowers import clear_flowers
from lab.checks.model import error_message, error_with_type, load
from lab.checks.registry import download, latest_champion, start_check

run_it = "python tutorial/00_template/exercise.py"

# %% The latest attempt
champion = latest_champion(start_check(), "iris_template_mine", run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)
if model.metadata.signature is None:
    sys.exit(
        f"{champion} has no signature, so MLflow cannot refuse wrong rows.\nGive it a signature, then {run_it}"
    )

# %% It names the species of three clear flowers of each species
flowers, species = clear_flowers(3)
try:
    answers = list(model.predict(flowers))
except (Exception, SystemExit) as error:
    sys.exit(f"{champion} fails on nine flowers: {error_with_type(error)}\nFix it, then {run_it}")
right = sum(answer == name for answer, name in zip(answers, species, strict=False))
if right < len(flowers):
    sys.exit(
        f"{champion} names {right} of 9 flowers right: {answers}.\n"
        f"Train it on the species of the iris data, then {run_it}"
    )

# %% Its signature makes MLflow refuse a missing column
try:
    model.predict(flowers.drop(columns="petal width (cm)"))
except Exception as error:
    refusal = error_message(error)
else:
    sys.exit(
        f"{champion} answers although a column is missing.\nGive it a signature with all four columns, then {run_it}"
    )

# %% Passed
print(f"ok  {champion} is your latest version")
print("ok  names the species of nine other flowers")
print(f"ok  refuses rows without a column: {refusal}")
