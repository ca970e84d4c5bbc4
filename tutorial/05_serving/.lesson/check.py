"""Send requests to the learner's model through MLflow's own scoring code, as a server does."""

# %% Imports
import json
import sys
import tempfile
from textwrap import shorten

from mlflow.exceptions import MlflowException
from mlflow.pyfunc.scoring_server import invocations

from lab.checks.flowers import COLUMNS, clear_flowers
from lab.checks.model import error_message, error_with_type, load, named_columns
from lab.checks.registry import download, latest_champion, start_check

run_it = "python tutorial/05_serving/exercise.py"

# %% Load the latest version as a server does
champion = latest_champion(start_check(), "iris_web", run_it)
scratch = tempfile.TemporaryDirectory()
folder = download(champion, scratch.name, run_it)
model = load(folder, champion, run_it)

# %% The signature and the input example
required = named_columns(model, champion)
schema = model.metadata.get_input_schema()
example = model.metadata.get_serving_input(folder)
if not example:
    sys.exit(
        f"{champion} has no input example, so no server can try it before the first client does.\n"
        "Pass input_example= to log_model, and run your exercise again."
    )


# %% Ask as MLflow's server does
def ask(body):
    """Return the status of MLflow's response, and its predictions or the error's message."""
    try:
        response = invocations(body, "application/json", model, schema)
    except MlflowException as error:
        # The last line of a stack trace is the error that the model itself raised.
        last_line = error.json_kwargs.get("stack_trace", "").strip().rpartition("\n")[2]
        return error.get_http_status_code(), shorten(last_line or error_message(error), 250)
    except (Exception, SystemExit) as error:
        return 500, error_with_type(error)
    content = json.loads(response.response)
    if isinstance(content, dict):
        content = content.get("predictions", content)
    return response.status, content


def names(predictions):
    """Return the text in each row of the predictions. Some models answer with tables."""
    rows = predictions if isinstance(predictions, list) else [predictions]
    texts = []
    for row in rows:
        cells = row.values() if isinstance(row, dict) else row if isinstance(row, list) else [row]
        texts.append(next((cell for cell in cells if isinstance(cell, str)), None))
    return texts


def split(rows):
    """Return rows as the body of a request."""
    return f'{{"dataframe_split": {rows.to_json(orient="split", index=False)}}}'


# %% Twelve flowers that are easy to tell apart, in the four forms and in another order
flowers, species = clear_flowers(4)
records = flowers.to_dict("records")
for form, body in {
    "as dataframe_split": split(flowers),
    "with the columns in another order": split(flowers[COLUMNS[::-1]]),
    "as dataframe_records": json.dumps({"dataframe_records": records}),
    "as inputs": json.dumps({"inputs": flowers.to_dict("list")}),
    "as instances": json.dumps({"instances": records}),
}.items():
    status, content = ask(body)
    if status != 200:
        sys.exit(
            f"{champion} received twelve flowers {form}. Expected status 200, got {status}: {content}\n"
            "Correct the model or its signature, and run your exercise again."
        )
    answers = names(content)
    if None in answers or len(answers) != len(species):
        sys.exit(
            f"{champion} received twelve flowers and answers {shorten(str(content), 150)}. "
            "Expected a name for each: setosa, versicolor or virginica.\n"
            "Fit the model to names instead of numbers, and run your exercise again."
        )
    right = sum(answer == name for answer, name in zip(answers, species, strict=True))
    if right < 11:
        sys.exit(
            f"{champion} received twelve flowers {form} and names {right} of them correctly. Expected at "
            f"least 11. Its answers: {shorten(str(answers), 200)}\n"
            "Correct the model or its signature, and run your exercise again."
        )

# %% Requests that must be refused: each column renamed, and each with a word in it
refusals = []
for name in required:
    renamed = flowers.rename(columns={name: name.removesuffix(" (cm)")})
    worded = flowers.astype({name: object})
    worded.loc[3, name] = "long"
    for error, rows in {f"without {name!r}": renamed, f"with a word in {name!r}": worded}.items():
        status, content = ask(split(rows))
        if not 400 <= status < 500:
            outcome = "answers anyway" if status == 200 else f"fails: {content}"
            sys.exit(
                f"{champion} received flowers {error}. Expected status 400, got {status}: it {outcome}.\n"
                "The signature must require this column and say that it is a number. "
                "Correct it, and run your exercise again."
            )
        refusals.append(content)

# %% Its own input example
status, content = ask(example)
if status != 200 or None in names(content):
    sys.exit(
        f"{champion} received its own input example. Expected names, got {status}: "
        f"{shorten(str(content), 250)}\n"
        "Use rows that a client could send as the example, and run your exercise again."
    )

# %% Passed
print(f"ok  {champion} is your latest version and names {right} of 12 flowers, in all four forms")
print("ok  it gives the same answers if the columns come in another order")
print(f"ok  a renamed column gets status 400, and so does a word: {refusals[0]}")
print(f"ok  it answers its own input example: {shorten(str(content), 60)}")
