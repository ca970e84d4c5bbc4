"""Check lesson 00's exercise: ask for the model as a colleague who has nothing but its address."""

# %% Imports
import sys
import tempfile

from lab.checks.flowers import clear_flowers_by_number
from lab.checks.model import error_message, error_with_type, load
from lab.checks.registry import download, latest_champion, start_check

run_it = "python tutorial/00_template/exercise.py"

# %% The latest attempt
champion = latest_champion(start_check(), "iris_template_mine", run_it)
scratch = tempfile.TemporaryDirectory()
model = load(download(champion, scratch.name, run_it), champion, run_it)
if model.metadata.signature is None:
    sys.exit(f"{champion} has no signature, so MLflow refuses nothing.\nGive it one, then {run_it}")

# %% It answers for three clear flowers of each species
flowers, species = clear_flowers_by_number(3)
try:
    answers = list(model.predict(flowers))
except (Exception, SystemExit) as error:
    sys.exit(
        f"{champion} cannot answer for nine flowers: {error_with_type(error)}\nFix it, then {run_it}"
    )
right = sum(answer == number for answer, number in zip(answers, species, strict=False))
if right < len(flowers):
    sys.exit(
        f"{champion} names {right} of 9 flowers right: {answers}.\n"
        f"Train it on iris's own species, then {run_it}"
    )

# %% Its signature makes MLflow refuse a missing column
try:
    model.predict(flowers.drop(columns="petal width (cm)"))
except Exception as error:
    refusal = error_message(error)
else:
    sys.exit(
        f"{champion} answers without a column.\nLet its signature name all four, then {run_it}"
    )

# %% Passed
print(f"ok  {champion} is your latest")
print("ok  names the species of nine flowers of ours")
print(f"ok  refuses a column too few: {refusal}")
