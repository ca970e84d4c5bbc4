"""lab doctor: if something is wrong, its row fails, and no other row except those that depend on it.

Each test breaks one thing for real.
"""

import sqlite3
from pathlib import Path

import pytest

from tests.doctor.rows import SERVER, assert_only, doctor, rows
from tests.support.containers import psql


@pytest.mark.quick
def test_every_row_of_a_healthy_lab_is_ok(lab):
    by_name = rows(doctor(lab))
    assert {row["name"] for row in by_name.values() if row["ok"] is not True} == set()
    assert set(SERVER) < set(by_name)
    assert len(by_name) >= 15


def test_doctor_reports_only_the_first_failure_of_checks_that_depend_on_each_other(lab):
    ran = lab.run("lab", "doctor", MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    failed = [line for line in ran.stdout.splitlines() if line.startswith("FAIL")]
    assert (ran.returncode, len(failed)) == (1, 1)
    assert "port answers" in failed[0]


def test_without_a_tracking_address(lab):
    assert_only(
        lab.run("lab", "doctor", "--json", unset="MLFLOW_TRACKING_URI"),
        "tracking address",
        "make shell",
    )


@pytest.mark.parametrize(
    ("address", "name", "remedy"),
    [
        ("mlflow:5000", "tracking address", "http://"),
        ("http://mlfow:5000", "name resolves", "MLFLOW_TRACKING_URI"),
        ("http://127.0.0.1:9", "port answers", "Start it with"),
    ],
)
def test_address(lab, address, name, remedy):
    assert_only(doctor(lab, MLFLOW_TRACKING_URI=address), name, remedy)


def test_host(embedded_lab):
    port = embedded_lab.settings["MLFLOW_PORT"]
    ran = doctor(embedded_lab, MLFLOW_TRACKING_URI=f"http://127.1:{port}")
    assert_only(ran, "Host is allowed", "MLFLOW_SERVER_ALLOWED_HOSTS")


@pytest.mark.parametrize(("package", "also"), [("mlflow", ("packages",)), ("rich", ())])
def test_versions(lab, package, also):
    # Python finds the metadata of another version before the installed metadata, as after an upgrade by hand.
    folder = f"/tmp/other-{package}/{package}-2.0.0.dist-info"  # noqa: S108
    metadata = f"Metadata-Version: 2.1\\nName: {package}\\nVersion: 2.0.0\\n"
    lab.run("bash", "-c", f"mkdir -p {folder} && printf '{metadata}' > {folder}/METADATA")
    ran = doctor(lab, PYTHONPATH=str(Path(folder).parent))
    name = "same version" if package == "mlflow" else "packages"
    assert_only(ran, name, "2.0.0", "docker compose up --build --wait", also=also)


def test_an_experiment_whose_artifacts_do_not_go_through_the_server(lab):
    experiment = lab.script("experiment_past_the_server").strip()
    try:
        assert_only(doctor(lab), "artifact roots", "past-the-server", "--artifacts-destination")
    finally:
        lab.script("experiment_past_the_server", experiment)


def test_clock(lab):
    ran = lab.run("python", "-m", "tests.inside.doctor_with_wrong_clock")
    assert_only(ran, "clock", "Set the time")


def test_disk(lab):
    missing = doctor(lab, LAB_OUTPUT="/nowhere")
    assert_only(missing, "disk", "LAB_OUTPUT")


@pytest.mark.parametrize(
    "name", ["AWS_ACCESS_KEY_ID", "MLFLOW_S3_ENDPOINT_URL", "MLFLOW_REGISTRY_URI"]
)
def test_a_variable_from_other_work(lab, name):
    assert_only(doctor(lab, **{name: "x"}), "variables", f"unset {name}")


def test_git(lab):
    alone = 'd=$(mktemp -d); ln -s "$(command -v lab)" $d/lab; PATH=$d $d/lab doctor --json'
    assert_only(lab.run("bash", "-c", alone), "git", "Install git")


def test_database_schema(lab):
    def set_revision(revision: str) -> str:
        if lab.mode == "embedded":
            with sqlite3.connect(Path(lab.settings["LAB_STATE"]) / "mlflow.db") as database:
                [(before,)] = database.execute("SELECT version_num FROM alembic_version").fetchall()
                database.execute("UPDATE alembic_version SET version_num = ?", [revision])
            return before
        before = psql(lab, "SELECT version_num FROM alembic_version")
        psql(lab, f"UPDATE alembic_version SET version_num = '{revision}'")
        return before

    before = set_revision("cbc13b556ace")
    try:
        assert_only(doctor(lab), "database schema", "make upgrade-database")
    finally:
        set_revision(before)


def test_artifacts_cannot_be_stored(embedded_lab):
    artifacts = Path(embedded_lab.settings["LAB_STATE"]) / "artifacts"
    kept = artifacts.with_name("kept")
    if artifacts.exists():
        artifacts.rename(kept)
    artifacts.write_text("not a folder")
    try:
        assert_only(doctor(embedded_lab), "artifacts", "artifact store")
    finally:
        artifacts.unlink()
        if kept.exists():
            kept.rename(artifacts)
