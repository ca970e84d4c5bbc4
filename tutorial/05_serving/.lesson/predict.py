"""`lab predict 5` asks about the rows of deeper/contract.py: what a model server and predict in Python accept."""

import contextlib
import io
import runpy
from pathlib import Path

from lab.predict import Outcome, Row

# The script contains the rows. Its own table would give the answers away.
with contextlib.redirect_stdout(io.StringIO()):
    script = runpy.run_path(str(Path(__file__).parents[1] / "deeper" / "contract.py"))
over_http, in_python, server = script["over_http"], script["in_python"], script["server"]
# In the order of the choices: whether the server accepts the row, and whether predict does.
ANSWERS = {
    (True, True): "both accept it",
    (True, False): "only the server accepts it",
    (False, True): "only predict accepts it",
    (False, False): "both refuse it",
}


def run(row) -> Outcome:
    """Send a row over HTTP and give it to predict."""
    status, result = over_http(server, row).strip(), in_python(row)
    answer = ANSWERS[status == "200", result == "answers"]
    return Outcome(answer, f"The server: {status}. In Python: {result}.")


question = (
    "A client sends this row to a model server as JSON, and a script gives it to predict. The signature has four "
    "columns of type double. Which of the two accepts the row?"
)
rows = [
    Row(name, row.to_json(orient="split", index=False), lambda row=row: run(row))
    for name, row in script["rows"].items()
]
answers = list(ANSWERS.values())
