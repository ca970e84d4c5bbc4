"""A stack on empty volumes: the commands of the README as they stand, and what is left after a stop."""

import json
import subprocess

import pytest

from tests.labs import Lab, delete, stack_settings

# To be typed one after another, in a learner's shell in the trainer.
LINES = """
python tutorial/03_models_pyfunc/run.py
python examples/03_models_pyfunc/reproduce_run.py
MODEL_URI="models:/iris_clf/Production" python examples/03_models_pyfunc/reproduce_run.py
"""


@pytest.fixture(scope="module")
def fresh():
    """A stack started by plain Compose."""
    lab = Lab("stack", stack_settings("mlflow-model-lab-fresh"))
    delete(lab)
    try:
        started = lab.compose("up", "--build", "--wait")
        assert started.returncode == 0, started.stderr
        yield lab
    finally:
        delete(lab)


def test_four_lines_work_on_a_fresh_stack_and_models_outlive_down_and_up(fresh):
    shell = fresh.compose("exec", "--no-TTY", "trainer", "bash", "-e", "-c", LINES)
    assert shell.returncode == 0, shell.stdout + shell.stderr
    assert fresh.compose("down").returncode == 0
    assert fresh.compose("up", "--wait").returncode == 0
    again = fresh.run(
        "python",
        "examples/03_models_pyfunc/reproduce_run.py",
        MODEL_URI="models:/iris_clf/Production",
    )
    assert again.returncode == 0, again.stderr
    listed = "import mlflow; print(len(mlflow.search_runs(experiment_names=['03_models_pyfunc'])))"
    assert int(fresh.run("python", "-c", listed).stdout) >= 1


def test_what_only_profiles_need_is_neither_built_nor_started(fresh):
    names = [json.loads(line)["Service"] for line in ps(fresh)]
    one_shots, services = (
        {"postgres-setup", "minio-setup"},
        {"postgres", "minio", "mlflow", "trainer"},
    )
    assert set(names) == one_shots | services
    command = ["docker", "images", "--format", "{{.Repository}}"]
    images = subprocess.run(command, text=True, capture_output=True, check=True).stdout.split()
    prefix = f"{fresh.settings['COMPOSE_PROJECT_NAME']}-"
    built = {name.removeprefix(prefix) for name in images if name.startswith(prefix)}
    assert built == {"minio-setup", "minio", "mlflow", "trainer"}


def ps(lab: Lab) -> list[str]:
    """Return what Compose knows of the lab's containers, those of profiles and stopped ones included."""
    return lab.compose("--profile", "*", "ps", "--all", "--format", "json").stdout.splitlines()
