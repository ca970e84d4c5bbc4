"""CI runs the commands that the README names, and Dependabot watches everything that has a version."""

import re
from pathlib import PurePosixPath

import pytest
import yaml

from tests.support.checkout import files
from tests.support.labs import ROOT
from tests.support.readmes import fenced

pytestmark = pytest.mark.quick

WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
STEPS = WORKFLOW["jobs"]["test"]["steps"]
# The names of the files whose versions Dependabot can raise, and the ecosystem of each.
ECOSYSTEMS = {
    "Dockerfile": "docker",
    "docker-compose.yml": "docker-compose",
    "package.json": "npm",
    "go.mod": "gomod",
    "dev.in": "pip",
}


def test_both_kinds_of_ci_run_lint_and_the_test_command_of_the_readme():
    command = "make test"
    blocks = fenced(ROOT / "README.md", "sh")
    assert any(re.search(rf"^{command}\b", block.text, flags=re.MULTILINE) for block in blocks)
    run = [step["run"] for step in STEPS if "run" in step]
    assert run == ["make lint", command]
    ours = (ROOT / ".ci" / "run").read_text()
    assert re.search(rf"^LAB_MODE=stack {command} ", ours, flags=re.MULTILINE)
    assert re.search(r"^make lint$", ours, flags=re.MULTILINE)


def test_the_workflow_runs_on_push_and_pull_request_and_has_a_time_limit_and_pinned_actions():
    # YAML reads the word `on` as true.
    assert set(WORKFLOW[True]) == {"push", "pull_request"}
    assert WORKFLOW["jobs"]["test"]["timeout-minutes"] <= 120
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert len(used) == 3
    for action in used:
        assert re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", action)


def test_dependabot_looks_at_every_folder_with_versions():
    paths = [PurePosixPath("/", file.relative_to(ROOT)) for file in files()]
    there = {(ECOSYSTEMS[path.name], str(path.parent)) for path in paths if path.name in ECOSYSTEMS}
    known = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())["updates"]
    watched = {
        (entry["package-ecosystem"], folder)
        for entry in known
        for folder in entry.get("directories", [entry.get("directory")])
    }
    assert ("docker", "/minio") in there
    assert there <= watched
    assert ("github-actions", "/") in watched
