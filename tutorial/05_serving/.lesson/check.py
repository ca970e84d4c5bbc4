"""Ask the learner's model as clients do, through MLflow's own scoring code."""

# %% What it takes
import json
import logging
import os
import sys
import tempfile
import warnings
from pathlib import Path
from textwrap import shorten

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import Model
from mlflow.pyfunc.scoring_server import invocations

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
client = MlflowClient()
# Answers and refusals are judged here, warnings are not.
warnings.simplefilter("ignore")
logging.getLogger("mlflow").setLevel(logging.ERROR)
# Who serves the model has no modules of this folder.
sys.path[:] = [entry for entry in sys.path if not Path(entry, "check.py").exists()]
run_it = "python tutorial/05_serving/exercise.py"

# %% The latest attempt: the highest version
found = client.search_registered_models("name = 'iris_web'")
versions = found[0].latest_versions if found else []
if not versions:
    sys.exit(f"There is no version of iris_web. Run your exercise first: {run_it}")
version = max(versions, key=lambda version: int(version.version))
this = f"models:/iris_web@champion (version {version.version})"
champion = found[0].aliases.get("champion")
if champion != version.version:
    sys.exit(
        f"The alias champion is on {f'version {champion}' if champion else 'no version'}, expected "
        f"on version {version.version}, the latest of iris_web.\n"
        f"Let your script set it on the version that it has just registered: {run_it}"
    )

# %% Load it: the files first, as from there on nothing but the model itself can fail
scratch = tempfile.TemporaryDirectory()
try:
    folder = mlflow.artifacts.download_artifacts("models:/iris_web@champion", dst_path=scratch.name)
except MlflowException as error:
    # The server says that there is no such thing. Anything else is not the learner's to mend.
    if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
        raise
    sys.exit(f"{this} was there a moment ago and is gone: {error}\nMake it again: {run_it}")
try:
    model = mlflow.pyfunc.load_model(folder)
    example = Model.load(folder).get_serving_input(folder)
except (Exception, SystemExit) as error:
    sys.exit(
        f"{this} cannot be loaded: {type(error).__name__}: {shorten(str(error), 300)}\n"
        f"Make all that it needs a part of the model, and run your exercise again: {run_it}"
    )

# %% What its clients can know of it
columns = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
schema = model.metadata.get_input_schema()
if schema is None:
    sys.exit(
        f"{this} has no signature, so MLflow refuses nothing: expected one that names the columns."
        "\nGive the model one when you log it, and run your exercise again."
    )
agreed = [name for name in schema.input_names() if name in columns]
if not agreed:
    sys.exit(
        f"{this} has a signature that names no column: {shorten(str(schema), 200)}\n"
        "Infer it from rows that have their names, from a DataFrame, and run your exercise again."
    )
if not example:
    sys.exit(
        f"{this} has no input example, so no service can try it before its first client does.\n"
        "Give the model one when you log it, and run your exercise again."
    )


# %% Ask as MLflow's server does
def ask(body):
    """Return the status and, of an answer, its predictions, of an error, its message."""
    try:
        answer = invocations(body, "application/json", model, schema)
    except MlflowException as error:
        # The end of a stack trace says what the model itself has raised.
        trace = error.json_kwargs.get("stack_trace", "").strip().rpartition("\n")[2]
        said = trace or error.message.rpartition("Error: ")[2]
        return error.get_http_status_code(), shorten(said, 250)
    except (Exception, SystemExit) as error:
        return 500, shorten(f"{type(error).__name__}: {error}", 250)
    said = json.loads(answer.response)
    return answer.status, said.get("predictions", said) if isinstance(said, dict) else said


def names(predictions):
    """Return the texts among the predictions, one for each row: some models answer with tables."""
    rows = predictions if isinstance(predictions, list) else [predictions]
    texts = []
    for row in rows:
        cells = row.values() if isinstance(row, dict) else row if isinstance(row, list) else [row]
        texts.append(next((cell for cell in cells if isinstance(cell, str)), None))
    return texts


def split(rows):
    """Return rows as the body of a request."""
    return f'{{"dataframe_split": {rows.to_json(orient="split", index=False)}}}'


# %% Twelve flowers that no data set has, in centimetres, in the four forms and in another order
setosas = [[5.05, 3.45, 1.45, 0.25], [4.85, 3.25, 1.4, 0.2], [5.3, 3.65, 1.55, 0.3]]
versicolors = [[5.95, 2.85, 4.25, 1.3], [5.6, 2.75, 4.05, 1.2], [6.2, 2.9, 4.35, 1.35]]
virginicas = [[6.65, 3.05, 5.65, 2.15], [6.4, 2.95, 5.55, 2.05], [6.9, 3.1, 5.85, 2.25]]
more = [[4.95, 3.35, 1.5, 0.2], [5.75, 2.8, 4.15, 1.25], [6.75, 3.0, 5.75, 2.2]]
flowers = pd.DataFrame(setosas + versicolors + virginicas + more, columns=columns)
kinds = ["setosa", "versicolor", "virginica"]
species = [kind for kind in kinds for _ in range(3)] + kinds
records = flowers.to_dict("records")
for what, body in {
    "as dataframe_split": split(flowers),
    "with the columns in another order": split(flowers[columns[::-1]]),
    "as dataframe_records": json.dumps({"dataframe_records": records}),
    "as inputs": json.dumps({"inputs": flowers.to_dict("list")}),
    "as instances": json.dumps({"instances": records}),
}.items():
    status, said = ask(body)
    if status != 200:
        sys.exit(
            f"{this} was sent twelve flowers {what}, expected 200, got {status}: {said}\n"
            "Correct the model or its signature, and run your exercise again."
        )
    answers = names(said)
    if None in answers or len(answers) != len(species):
        sys.exit(
            f"{this} answers twelve flowers with {shorten(str(said), 150)}, "
            "expected a name for each: setosa, versicolor or virginica.\n"
            "Let the model itself answer with names, and run your exercise again."
        )
    right = sum(answer == kind for answer, kind in zip(answers, species, strict=True))
    if right < 11:
        sys.exit(
            f"{this} was sent twelve flowers {what} and names {right} of them right, expected at "
            f"least 11. Its answers: {shorten(str(answers), 200)}\n"
            "Correct the model or its signature, and run your exercise again."
        )

# %% Rows that are not as agreed: each column renamed, each with a word in it
for name in agreed:
    renamed = flowers.rename(columns={name: name.removesuffix(" (cm)")})
    worded = flowers.astype({name: object})
    worded.loc[3, name] = "long"
    for what, rows in {f"without {name!r}": renamed, f"with a word in {name!r}": worded}.items():
        status, said = ask(split(rows))
        if not 400 <= status < 500:
            outcome = "answers all the same" if status == 200 else f"fails: {said}"
            sys.exit(
                f"{this} was sent flowers {what}: expected 400, got {status}, it {outcome}.\n"
                "Let the signature require this column and say that it is a number."
            )
    if name == agreed[0]:
        refusal = ask(split(renamed))[1]

# %% Its own input example
status, said = ask(example)
if status != 200 or None in names(said):
    sys.exit(
        f"{this} was sent its own input example, expected names, got {status}: "
        f"{shorten(str(said), 250)}\n"
        "Take rows as a client sends them for an example, and run your exercise again."
    )

# %% What was proven
print(f"ok  {this} is your latest; {right} of 12 flowers right, in all four forms")
print("ok  the same answers with the columns in another order")
print(f"ok  a renamed column gets 400, and so does a word: {refusal}")
print(f"ok  its own input example: {shorten(str(said), 60)}")
