"""Check lesson 01's exercise: be Ada, who has the model's folder and nothing else.

A new process in an empty folder loads a copy of the model and asks it about nine typical flowers. Then
the check reads the model's metadata.
"""

# %% Imports
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lab.checks.flowers import clear_flowers

# %% The folder that the learner saved
run_it = "python tutorial/01_save/exercise.py"
path = Path(os.environ.get("LAB_OUTPUT", "output")).resolve() / "01_save" / "exercise"
if not path.is_dir():
    sys.exit(f"There is no model in {path}.\nRun your exercise first: {run_it}")
if not any(path.iterdir()):
    # MLflow copies the code before it writes the model.
    sys.exit(
        f"{path} is empty: the save failed. If MLflow printed `Failed to copy the specified code path`, "
        "it did not find the file.\nA relative path starts from the folder in which you started Python. "
        "petal_features.__file__ is right in every folder.\n"
        f"Use it in code_paths, then run: {run_it}"
    )
if not (path / "MLmodel").is_file():
    files = ", ".join(sorted(file.name for file in path.iterdir()))
    sys.exit(
        f"{path} contains {files}, but no MLmodel: the save failed before its end.\n"
        f"Run your exercise again, read the error and fix it: {run_it}"
    )

# %% Ada's process
# It writes what it finds to a file, because a model may print anything.
colleague = """
import json, os, sys
import mlflow, numpy, pandas
result = {}

def refuse(event, args):
    if event == "open" and not isinstance(args[0], int):
        if os.path.abspath(os.fsdecode(args[0])).startswith(tuple(sys.argv[1:])):
            raise FileNotFoundError(f"Ada does not have the file {os.fsdecode(args[0])}")

try:
    sys.addaudithook(refuse)
    result["metadata"] = mlflow.models.get_model_info("model").metadata
    model = mlflow.pyfunc.load_model("model")
    result["loaded"] = True
    flowers = pandas.read_json("flowers.json", orient="split", dtype=False)
    result["together"] = numpy.asarray(model.predict(flowers)).ravel().tolist()
    alone = [numpy.ravel(model.predict(flowers.iloc[[row]])) for row in range(len(flowers))]
    result["one at a time"] = numpy.concatenate(alone).tolist()
except BaseException as error:
    result["error"] = f"{type(error).__name__}: {str(error).split('Error: ')[-1]}"
with open("result.json", "w") as file:
    json.dump(result, file, default=str)
"""
flowers, expected = clear_flowers(3)
with tempfile.TemporaryDirectory() as desk:
    # A copy, because importing a model's code writes into its folder.
    shutil.copytree(path, Path(desk, "model"))
    flowers.to_json(Path(desk, "flowers.json"), orient="split")
    lesson = Path(__file__).resolve().parents[1]
    # Ada does not have these two folders. -I makes Python ignore PYTHONPATH.
    absent = [f"{lesson}{os.sep}", f"{path.parent}{os.sep}"]
    command = [sys.executable, "-I", "-c", colleague, *absent]
    process = subprocess.run(command, cwd=desk, capture_output=True, text=True, errors="replace")
    file = Path(desk, "result.json")
    result = json.loads(file.read_text()) if file.exists() else {}

# %% It loads and predicts
error = result.get("error", f"the process ended with status {process.returncode}")
error = error if len(error) < 400 else f"{error[:400]} …"
if "loaded" not in result:
    # A file in a folder below code/ is not found, as after code_paths=["tutorial/01_save"].
    too_deep = sorted(path.glob("code/*/**/petal_features.py"))
    if "'petal_features'" in error and too_deep:
        sys.exit(
            f"On Ada's computer your model does not load: {error}\nThe file is in your model, but one folder "
            f"too deep, where Python does not look: {too_deep[0].relative_to(path)}\n"
            f"Give code_paths the file itself, petal_features.__file__, then run: {run_it}"
        )
    sys.exit(
        f"On Ada's computer your model does not load: {error}\n"
        "All code that your model needs must be in its folder. Add what is missing to save_model, "
        f"then run: {run_it}"
    )
if "one at a time" not in result:
    sys.exit(
        f"On Ada's computer your model loads, but it cannot predict from iris's four columns: {error}\n"
        "It must work with these columns and with nothing but its folder. "
        f"Change your exercise, then run: {run_it}"
    )
for how in ("together", "one at a time"):
    if result[how] != expected:
        sys.exit(
            f"Asked {how} about nine typical flowers, your model predicts {str(result[how])[:200]}.\n"
            f"The right answer is {expected}.\n"
            f"Train it on the names of the species, as the exercise did at first, then run: {run_it}"
        )
print("ok  Ada can load the model with nothing but its folder")
print("ok  it names the species of nine typical flowers")

# %% Its metadata names the owner and the purpose
metadata = result["metadata"] if isinstance(result["metadata"], dict) else {}
for key in ("owner", "purpose"):
    if key not in metadata:
        sys.exit(
            f"The metadata of your model has no {key}. It contains: {metadata or 'nothing'}.\n"
            f"Give save_model metadata with an owner and a purpose, then run: {run_it}"
        )
    if not str(metadata[key] or "").strip():
        sys.exit(
            f"The {key} in your model's metadata is empty: {metadata}.\n"
            f"Write a text that helps Ada, then run: {run_it}"
        )
print(f"ok  owner: {metadata['owner']}, purpose: {metadata['purpose']}")
