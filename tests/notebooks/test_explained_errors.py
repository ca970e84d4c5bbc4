"""An error in a notebook's cell is explained as a script's is; one that is not recognised keeps its traceback."""

import json
import re

import pytest

from tests.support.labs import Lab

ADDRESSES = {
    "http://127.0.0.1:9": "nothing listens there",
    "http://mlfow:5000": "its name is unknown here",
    "mlflow:5000": "beginning with http://",
}
SEARCH = "import mlflow, os; os.environ['MLFLOW_TRACKING_URI'] = '{}'; mlflow.search_experiments()"
# All in one notebook, because a kernel and MLflow take seconds to start.
CELLS = {address: SEARCH.format(address) for address in ADDRESSES} | {
    "traceback": "%tb",
    "division": "x = 1\nx / 0",
    "syntax": "x =",
    "unset": "del os.environ['MLFLOW_TRACKING_URI']; os.environ['MLFLOW_TRACKING_URI']",
}


@pytest.fixture(scope="module")
def errors(lab: Lab) -> dict[str, dict]:
    """The one output of each cell, by the cell's name, in a kernel of the lab that went on after errors."""
    command = ["python", "-m", "tests.inside.execute_cells", *CELLS.values()]
    ran = lab.run(*command, profile="notebook", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0")
    assert ran.returncode == 0, ran.stderr
    return {name: output for name, [output] in zip(CELLS, json.loads(ran.stdout), strict=True)}


def text(error: dict) -> str:
    """Return what a cell's error shows, without colours."""
    assert error["output_type"] == "error"
    return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(error["traceback"]))


@pytest.mark.parametrize(
    ("cell", "words"), [*ADDRESSES.items(), ("unset", "MLFLOW_TRACKING_URI is not set")]
)
def test_a_wrong_address_is_one_message_in_place_of_the_traceback(errors, cell, words):
    message = text(errors[cell])
    assert words in message
    assert "MLFLOW_TRACKING_URI" in message
    assert "Traceback" not in message
    assert len(message.strip().splitlines()) <= 2, message


def test_the_traceback_of_an_explained_error_can_be_had(errors):
    traceback = text(errors["traceback"])
    assert "Traceback (most recent call last)" in traceback
    assert "site-packages" in traceback


def test_an_error_that_is_not_recognised_keeps_its_traceback(errors):
    traceback = text(errors["division"])
    assert "Traceback (most recent call last)" in traceback
    assert "----> 2 x / 0" in traceback
    assert errors["division"]["ename"] == "ZeroDivisionError"


def test_wrong_syntax_shows_the_learner_s_line_and_no_frame_of_ipython_s(errors):
    traceback = text(errors["syntax"])
    assert "SyntaxError: invalid syntax" in traceback
    assert "interactiveshell" not in traceback
