"""`mlflow models serve` as docs/own-work.md has you type it: in an environment of the model's own, open to the host."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.labs import Lab
from tests.support.services import JSON, http


@contextmanager
def served(lab: Lab, model: str, *options: str) -> Iterator[str]:
    """Serve a model in the trainer, and lend the server's address on the host."""
    script = ["python", "tests/inside/model_server.py", "-m", model, "--port", "5010", *options]
    process = lab.popen(*script, stdin=subprocess.PIPE)
    try:
        assert process.stdout.readline() == "ready\n", process.stdout.read()
        yield f"http://127.0.0.1:{lab.settings['MODEL_SERVER_PORT']}"
    finally:
        # To close its standard input ends the server.
        process.communicate()


@pytest.mark.stack
def test_it_serves_in_an_environment_that_it_makes_and_the_host_reaches_it(stack_lab):
    model = f"models:/{stack_lab.script('log_model', 'model_server').split()[1]}"
    # Without an option MLflow asks for pyenv. The environment is there already then, because pip needs minutes for it.
    for options in (["--env-manager", "uv"], []):
        with served(stack_lab, model, *options) as address:
            body = json.dumps({"inputs": [[0.0], [1.0]]})
            answer = http().post(f"{address}/invocations", body, headers=JSON, timeout=60)
            assert answer.json() == {"predictions": [0, 1]}, answer.text
    made = stack_lab.run("sh", "-c", "ls ~/.mlflow/envs | wc -l; rm -r ~/.mlflow/envs")
    assert made.stdout == "1\n"


def test_the_lab_s_pyenv_finds_a_python_that_makes_environments(lab, tmp_path):
    root = "/tmp/pyenv" if lab.mode == "stack" else str(tmp_path / "pyenv")  # noqa: S108
    pyenv = "/opt/lab/bin/pyenv" if lab.mode == "stack" else str(lab.root / "trainer/bin/pyenv")
    version = lab.run("python", "-c", "import platform; print(platform.python_version())").stdout
    steps = f"""
set -e
{pyenv} install --skip-existing {version.strip()}
{root}/versions/{version.strip()}/bin/python -m venv {root}/made
{root}/made/bin/python -c 'import platform, sys; print(platform.python_version(), sys.prefix)'
{pyenv} root
rm -r {root}
"""
    ran = lab.run("sh", "-c", steps, PYENV_ROOT=root)
    assert ran.stdout.splitlines() == [f"{version.strip()} {root}/made", root], ran.stderr
    refused = lab.run(pyenv, "local")
    assert refused.returncode == 2
    assert "use uv" in refused.stderr
