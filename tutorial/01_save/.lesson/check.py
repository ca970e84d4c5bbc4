"""Check lesson 01's exercise: be the colleague who has the folder and nothing else.

What to look at: a copy of the folder is loaded by a new process in an empty folder, is asked about
flowers of ours, and its metadata are read.
"""

# %% Imports
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd

# %% What the learner saved
run_it = "python tutorial/01_save/exercise.py"
path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
if not path.is_dir():
    sys.exit(f"There is no model at {path}.\nRun your exercise first: {run_it}")
if not (path / "MLmodel").is_file():
    files = ", ".join(sorted(file.name for file in path.iterdir())) or "nothing"
    sys.exit(
        f"{path} holds {files}, but no MLmodel: the save did not get to its end.\n"
        f"Read what it says, mend it, and save again: {run_it}"
    )

# %% Flowers that nobody can take for another species: three of each
flowers = pd.DataFrame(
    [
        [5.1, 3.6, 1.4, 0.2],
        [4.9, 3.2, 1.5, 0.2],
        [5.3, 3.8, 1.5, 0.3],
        [5.8, 2.7, 4.1, 1.2],
        [5.6, 2.6, 3.9, 1.2],
        [6.2, 2.8, 4.3, 1.3],
        [6.8, 3.1, 5.7, 2.2],
        [6.5, 3.0, 5.8, 2.2],
        [7.2, 3.2, 6.0, 2.3],
    ],
    columns=["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
)
expected = [0, 0, 0, 1, 1, 1, 2, 2, 2]

# %% The colleague
# It answers in a file, because a model may print whatever it likes.
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
    answer["said"] = numpy.asarray(model.predict(flowers)).ravel().tolist()
    alone = [model.predict(flowers.iloc[[row]]) for row in range(len(flowers))]
    answer["alone"] = numpy.concatenate([numpy.asarray(one).ravel() for one in alone]).tolist()
except BaseException as error:
    answer["error"] = f"{type(error).__name__}: {str(error).split('Error: ')[-1]}"
with open("answer.json", "w") as file:
    json.dump(answer, file, default=str)
"""
with tempfile.TemporaryDirectory() as desk:
    # A copy, because importing a model's code writes into its folder.
    shutil.copytree(path, Path(desk, "model"))
    flowers.to_json(Path(desk, "flowers.json"), orient="split")
    lesson = Path(__file__).resolve().parents[1]
    # -I: PYTHONPATH does not count there. And these two folders are on this machine only.
    here = [f"{lesson}{os.sep}", f"{path.parent}{os.sep}"]
    command = [sys.executable, "-I", "-c", colleague, *here]
    ended = subprocess.run(command, cwd=desk, capture_output=True, text=True, errors="replace")
    found = Path(desk, "answer.json")
    answer = json.loads(found.read_text()) if found.exists() else {}

# %% It loads and predicts
error = answer.get("error", f"the process ended with status {ended.returncode} and no answer")
error = error if len(error) < 400 else f"{error[:400]} …"
if "loaded" not in answer:
    sys.exit(
        f"In a new process, in another folder, your model does not load: {error}\n"
        f"What it needs has to travel in its folder: see to that in your exercise, then {run_it}"
    )
if "alone" not in answer:
    sys.exit(
        f"Your model loads, but cannot answer for iris's four columns: {error}\n"
        "It has to start from these columns, with nothing but its folder at hand: "
        f"see to that in your exercise, then {run_it}"
    )
for how, said in {"together": answer["said"], "one at a time": answer["alone"]}.items():
    if said != expected:
        sys.exit(
            f"Asked {how} about nine typical flowers, your model says {str(said)[:200]}, "
            f"expected {expected}.\nTrain it on iris's own species, then {run_it}"
        )
print("ok  loads in a new process, in another folder, where only its own files are at hand")
print("ok  names the species of nine flowers of ours")

# %% It says whose it is and what it is for
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
