"""Packages that a learner installs in the trainer: beside the lab's, kept, and removed on request."""

import pytest

pytestmark = pytest.mark.stack

# Small, without dependencies, and nothing of the lab needs it.
PACKAGE = "cowsay"


def test_a_learner_s_package_outlives_its_container_until_it_is_removed(stack_lab):
    installed = stack_lab.run("pip", "install", PACKAGE)
    assert installed.returncode == 0, installed.stderr
    again = ("up", "--detach", "--wait", "--no-deps", "--force-recreate", "trainer")
    assert stack_lab.compose(*again).returncode == 0
    imported = stack_lab.run("python", "-c", f"import {PACKAGE}")
    assert imported.returncode == 0, imported.stderr
    assert stack_lab.host("reset-packages").returncode == 0
    imported = stack_lab.run("python", "-c", f"import {PACKAGE}")
    assert "ModuleNotFoundError" in imported.stderr


def test_pip_does_not_replace_a_package_of_the_lab(stack_lab):
    refused = stack_lab.run("pip", "install", "click==8.1.8")
    assert refused.returncode == 1
    assert "Will not install to the user site" in refused.stderr
    # If pip is forced to install it, Python still imports the lab's package.
    forced = stack_lab.run("pip", "install", "--ignore-installed", "--no-deps", "click==8.1.8")
    assert forced.returncode == 0, forced.stderr
    found = stack_lab.run("python", "-c", "import click; print(click.__file__)").stdout
    assert found.startswith("/opt/venv/")
    assert "packages in the right versions" in stack_lab.run("lab", "doctor").stdout
    assert stack_lab.host("reset-packages").returncode == 0
