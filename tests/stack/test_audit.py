"""make audit: its command lines fit the tools, the requirements files and MinIO's image. No list is read here."""

import os
import re
import shlex
import subprocess

import pytest
from packaging.requirements import Requirement

from tests.support.labs import ROOT

pytestmark = pytest.mark.stack


@pytest.fixture
def commands() -> list[str]:
    """The commands that make audit runs."""
    dry_run = ["make", "--dry-run", "--no-print-directory", "audit", "ACCEPTED=CVE-1 CVE-2"]
    shown = subprocess.run(dry_run, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    return shown.replace("\\\n", " ").splitlines()


def test_pip_audit_is_asked_about_every_pin_for_this_machine(commands):
    pins = set()
    for path in (ROOT / "requirements").glob("*.txt"):
        lines = re.findall(r"^[\w.-]+==[^\\\n]+", path.read_text(), flags=re.MULTILINE)
        requirements = [Requirement(line) for line in lines]
        pins |= {
            (requirement.name, str(requirement.specifier))
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate()
        }
    [command] = [shlex.split(line) for line in commands if "pip-audit" in line]
    env = {k: v for k, v in os.environ.items() if not k.startswith("PIP_AUDIT_")}
    asked = subprocess.run(
        [*command, "--dry-run"], cwd=ROOT, env=env, text=True, capture_output=True
    )
    assert asked.returncode == 0, asked.stderr
    assert f"would have audited {len(pins)} packages" in asked.stderr
    # Without these a package that PyPI does not know, or an accepted id, would count wrongly.
    assert "--strict" in command
    ids = [command[n + 1] for n, word in enumerate(command) if word == "--ignore-vuln"]
    assert ids == ["CVE-1", "CVE-2"]


def test_govulncheck_is_in_the_stage_that_is_built_with_minio_s_binary(commands):
    [build] = [shlex.split(line) for line in commands if line.startswith("docker build")]
    [check] = [shlex.split(line) for line in commands if line.startswith("docker run")]
    stage = build[build.index("--target") + 1]
    dockerfile = (ROOT / build[build.index("--file") + 1]).read_text()
    [base, instructions] = re.findall(
        rf"^FROM (\w+) AS {stage}\n(.*?)(?=^FROM)", dockerfile, flags=re.MULTILINE | re.DOTALL
    )[0]
    assert "go install golang.org/x/vuln/cmd/govulncheck@" in instructions
    assert build[build.index("--tag") + 1] in check
    # The stage has the files of the one that it starts from, whose binary the image gets.
    assert f"COPY --from={base} {check[-1]} " in dockerfile
