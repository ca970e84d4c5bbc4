"""Clients outside the stack's network: they know the server's address and have no setting of the lab's."""

import json
import subprocess
import sys
import urllib.request

import pytest

from tests.support.labs import ROOT

pytestmark = pytest.mark.stack


def test_a_plain_client_on_the_host_logs_and_loads_without_any_setting(stack_lab, tmp_path):
    address = f"http://localhost:{stack_lab.settings['MLFLOW_PORT']}"
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tests/inside/plain_client.py")],
        cwd=tmp_path,
        env={"MLFLOW_TRACKING_URI": address},
        text=True,
        capture_output=True,
        # Before the server stopped offering the store's own addresses, this did not end.
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    lines = [line for line in ran.stdout.splitlines() if not line.startswith(("🏃", "🧪"))]
    assert lines == ["models: 2", "runs: 2", "models: 2", "True"]


def test_the_server_offers_no_address_of_the_object_store(stack_lab):
    address = f"http://localhost:{stack_lab.settings['MLFLOW_PORT']}/api/3.0/mlflow/server-info"
    with urllib.request.urlopen(address, timeout=60) as answer:
        info = json.load(answer)
    offered = {name: value for name, value in info.items() if "multipart" in name}
    assert len(offered) == 2
    assert set(offered.values()) == {False}
