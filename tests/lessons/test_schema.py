"""A database of another version of MLflow stops the server with a message, and is left as it was."""

import sqlite3

import pytest

from tests.support.labs import Lab, free_ports

OLDER = "cbc13b556ace"  # of MLflow 2.x
NEWER = "ffffffffffff"


@pytest.mark.quick
@pytest.mark.parametrize(("revision", "words"), [(OLDER, "older MLflow"), (NEWER, "newer MLflow")])
def test_embedded(tmp_path, revision, words):
    lab = Lab("embedded", {"LAB_STATE": str(tmp_path), "MLFLOW_PORT": free_ports(1)[0]})
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES (?)", [revision])
    before = (tmp_path / "mlflow.db").read_bytes()
    ran = lab.host("up")
    assert ran.returncode == 1
    assert words in ran.stderr
    assert "make upgrade-database" in ran.stderr or "make delete-data" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert (tmp_path / "mlflow.db").read_bytes() == before
