"""Check lesson 01's exercise: be the colleague who has the folder and nothing else.

A new process in an empty folder loads a copy of the model's folder and asks it about clear flowers.
Then the check reads the model's metadata.
"""

# %% Imports
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.checks.flowers import clear_flowers_by_number

# %% What the learner saved
run_it = "python tutorial/01_save/exercise.py"
path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
if not path.is_dir():
    sys.exit(f"There is no model at {path}.\nRun your exercise first: {run_it}")
if not (path / "MLmodel").is_file():
    files = ", ".join(sorted(file.name for file in path.iterdir())) or "nothing"
    sys.exit(
        f"{path} holds {files}, but no MLmodel: the save did not get to its end.\n"
        f"Read what it says, fix it, and save again: {run_it}"
    )

# %% The colleague
# It writes its answers to a file, because a model may print whatever it likes.
colleague = """
import json, os, sys
import mlflow, numpy, pandas
answer = {}

def refuse(event, args):
    if event == "open" and not isinstance(args[0], int):
        if os.path.abspath(os.fsdecode(args[0])).startswith(tuple(sys.argv[1:])):
            raise FileNotFoundError(f"your colleague has no {os.fsdecode(args[0])}")

try:
    sys.addaudithook(refuse)
    answer["metadata"] = mlflow.models.get_model_info("model").metadata
    model = mlflow.pyfunc.load_model("model")
    answer["loaded"] = True
    flowers = pandas.read_json("flowers.json", orient="split", dtype=False)
    answer["together"] = numpy.asarray(model.predict(flowers)).ravel().tolist()
    alone = [numpy.ravel(model.predict(flowers.iloc[[row]])) for row in range(len(flowers))]
    answer["one at a time"] = numpy.concatenate(alone).tolist()
except BaseException as error:
    answer["error"] = f"{type(error).__name__}: {str(error).split('Error: ')[-1]}"
with open("answer.json", "w") as file:
    json.dump(answer, file, default=str)
"""
flowers, expected = clear_flowers_by_number(3)
with tempfile.TemporaryDirectory() as desk:
    # A copy, because importing a model's code writes into its folder.
    shutil.copytree(path, Path(desk, "model"))
    flowers.to_json(Path(desk, "flowers.json"), orient="split")
    lesson = Path(__file__).resolve().parents[1]
    # The colleague does not have these two folders. -I makes Python ignore PYTHONPATH.
    absent = [f"{lesson}{os.sep}", f"{path.parent}{os.sep}"]
    command = [sys.executable, "-I", "-c", colleague, *absent]
    process = subprocess.run(command, cwd=desk, capture_output=True, text=True, errors="replace")
    file = Path(desk, "answer.json")
    answer = json.loads(file.read_text()) if file.exists() else {}

# %% It loads and predicts
error = answer.get("error", f"the process ended with status {process.returncode} and no answer")
error = error if len(error) < 400 else f"{error[:400]} …"
if "loaded" not in answer:
    sys.exit(
        f"In a new process, in another folder, your model does not load: {error}\n"
        f"What it needs has to travel in its folder: see to that in your exercise, then {run_it}"
    )
if "one at a time" not in answer:
    sys.exit(
        f"Your model loads, but cannot answer for iris's four columns: {error}\n"
        "It has to start from these columns, with nothing but its folder at hand: "
        f"see to that in your exercise, then {run_it}"
    )
for how in ("together", "one at a time"):
    if answer[how] != expected:
        sys.exit(
            f"Asked {how} about nine typical flowers, your model says {str(answer[how])[:200]}, "
            f"expected {expected}.\nTrain it on iris's own species, then {run_it}"
        )
print("ok  loads in a new process, in another folder, where only its own files are at hand")
print("ok  names the species of nine flowers of ours")

# %% Its metadata name the owner and the purpose
metadata = answer["metadata"] if isinstance(answer["metadata"], dict) else {}
for key in ("owner", "purpose"):
    if key not in metadata:
        sys.exit(
            f"Your model's metadata have no {key}: {metadata or 'there are none'}, "
            f"expected owner and purpose.\nGive both to save_model, then {run_it}"
        )
    if not str(metadata[key] or "").strip():
        sys.exit(
            f"The {key} in your model's metadata is empty: {metadata}.\n"
            f"Write one that helps your colleague, then {run_it}"
        )
print(f"ok  owner: {metadata['owner']}, purpose: {metadata['purpose']}")
