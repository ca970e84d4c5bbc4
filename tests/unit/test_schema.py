"""The schema's revisions, read from text, are those that Alembic finds by loading them."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import sqlalchemy
from alembic.script import ScriptDirectory

from lab.database_schema import problem, revisions
from tests.support.known import assert_known


def test_revisions_and_the_last_of_them_are_alembic_s():
    package = Path(find_spec("mlflow").submodule_search_locations[0])
    scripts = ScriptDirectory(str(package / "store" / "db_migrations"))
    known = {script.revision for script in scripts.walk_revisions()}
    assert revisions() == (known, scripts.get_current_head())


@pytest.mark.parametrize(
    ("found", "words"),
    [(None, None), ("the last", None), ("cbc13b556ace", "older MLflow"), ("ffff", "newer MLflow")],
)
def test_problem(found, words):
    engine = sqlalchemy.create_engine("sqlite://")
    if found:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE alembic_version (version_num TEXT)"))
            value = revisions()[1] if found == "the last" else found
            connection.execute(
                sqlalchemy.text("INSERT INTO alembic_version VALUES (:v)"), {"v": value}
            )
    assert (words in problem(engine)) if words else problem(engine) is None
    if words == "older MLflow":
        assert_known(problem(engine), "database_older")
