"""An error in a notebook's cell is explained as a script's is; one that is not recognised keeps its traceback."""

import json

import pytest

from tests.support.labs import Lab

SEARCH = "import mlflow; mlflow.search_experiments()"


def outputs(lab: Lab, *cells: str, **env: str) -> list[list[dict]]:
    """Run cells in a notebook kernel of the lab and return the outputs of each."""
    command = ["python", "-m", "tests.inside.execute_cells", *cells]
    ran = lab.run(*command, profile="notebook", MLFLOW_HTTP_REQUEST_MAX_RETRIES="0", **env)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize(
    ("address", "cell", "words"),
    [
        ("http://127.0.0.1:9", SEARCH, "nothing listens there"),
        ("http://mlfow:5000", SEARCH, "its name is unknown here"),
        ("mlflow:5000", SEARCH, "http:// in front"),
        ("", "import os; os.environ['MLFLOW_TRACKING_URI']", "MLFLOW_TRACKING_URI is not set"),
    ],
)
def test_a_wrong_address_is_one_message_in_place_of_the_traceback(lab, address, cell, words):
    [[error]] = outputs(lab, cell, MLFLOW_TRACKING_URI=address)
    assert error["output_type"] == "error"
    [message] = error["traceback"]
    assert words in message
    assert "MLFLOW_TRACKING_URI" in message
    assert "Traceback" not in message
    assert len(message.splitlines()) <= 2, message


def test_the_traceback_of_an_explained_error_can_be_had(lab):
    _, traceback = outputs(lab, SEARCH, "%tb", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert "Traceback (most recent call last)" in json.dumps(traceback)
    assert "site-packages" in json.dumps(traceback)


def test_an_error_that_is_not_recognised_keeps_its_traceback(lab):
    [[divided], [wrong_syntax]] = outputs(lab, "x = 1\nx / 0", "x =")
    text = "\n".join(divided["traceback"])
    assert "Traceback (most recent call last)" in text
    assert "----> 2" in text
    assert divided["ename"] == "ZeroDivisionError"
    # Without frames of IPython's own, which its other paths would show.
    assert "IPython" not in "\n".join(wrong_syntax["traceback"])
