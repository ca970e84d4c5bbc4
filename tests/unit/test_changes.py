"""What `lab watch` says about the difference between two states of the database."""

from dataclasses import replace

import pytest

from lab.changes import Snapshot, changes

BEFORE = Snapshot(
    rows={"runs": 1, "tags": 4},
    runs={"a": "first, FINISHED"},
    locations={"a": "mlflow-artifacts:/1/a/artifacts"},
    aliases={"iris@champion": "2", "iris@old": "1"},
    stages={"iris version 1": "Production"},
)


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """The folder in which the embedded mode stores its files."""
    monkeypatch.setenv("LAB_MODE", "embedded")
    monkeypatch.setenv("LAB_ARTIFACTS_DIR", str(tmp_path))
    return tmp_path


def test_without_a_difference_nothing_is_said():
    assert list(changes(BEFORE, BEFORE)) == []


def test_new_runs_rows_and_objects_are_counted(artifacts):
    folder = artifacts / "1" / "b" / "artifacts"
    folder.mkdir(parents=True)
    (folder / "one.txt").write_bytes(b"x" * 1000)
    (folder / "two.txt").write_bytes(b"x" * 24)
    after = replace(
        BEFORE,
        rows={"runs": 2, "tags": 3, "metrics": 5},
        runs=BEFORE.runs | {"b": "second, FAILED"},
        locations=BEFORE.locations | {"b": "mlflow-artifacts:/1/b/artifacts"},
    )
    assert list(changes(BEFORE, after)) == [
        ("+1 run", "second, FAILED"),
        ("rows", "+5 metrics, +1 runs, -1 tags"),
        ("objects", "+2, 1,024 bytes"),
    ]


def test_files_that_the_server_does_not_store_are_not_counted(artifacts):
    after = replace(BEFORE, locations=BEFORE.locations | {"b": "s3://elsewhere/b"})
    assert list(changes(BEFORE, after)) == []


def test_aliases_and_stages_that_moved_appeared_or_went_are_named():
    after = replace(
        BEFORE,
        aliases={"iris@champion": "3", "iris@new": "3"},
        # A new version without a stage is no change of a stage.
        stages={"iris version 1": "Archived", "iris version 3": "None"},
    )
    assert list(changes(BEFORE, after)) == [
        ("alias", "iris@champion 2 → 3"),
        ("alias", "iris@new none → 3"),
        ("alias", "iris@old 1 → none"),
        ("stage", "iris version 1 Production → Archived"),
    ]
