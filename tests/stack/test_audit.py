"""make audit: real tools on the lab's own pins and its MinIO, against lists of the tests' making."""

import gzip
import http.server
import json
import subprocess
import threading
from collections.abc import Iterator

import pytest

from host import audit
from host.errors import LabError
from tests.support.labs import ROOT

BAD_PACKAGE, BAD_MODULE = "GHSA-test-test-test", "GO-2026-0001"


class Lists(http.server.BaseHTTPRequestHandler):
    """Answers as OSV does to pip-audit, and as Go's database does to govulncheck; the server holds what is known."""

    def do_POST(self) -> None:
        """Say what is known about one version of a package."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        known = {
            "id": BAD_PACKAGE,
            "details": "Made for a test.",
            "affected": [
                {
                    "package": {"name": name, "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
                }
            ],
        }
        self.answer({"vulns": [known]} if name in self.server.known else {})

    def do_HEAD(self) -> None:
        """Say that a file of Go's database is there: asked first, for all."""
        self.answer([])

    def do_GET(self) -> None:
        """Give a file of Go's database."""
        files = {"/index/db.json.gz": {"modified": "2026-01-01T00:00:00Z"}}
        modules = []
        for module in sorted(self.server.known):
            if "/" in module:
                vuln = {"id": BAD_MODULE, "modified": "2026-01-01T00:00:00Z"}
                modules.append({"path": module, "vulns": [vuln]})
                files[f"/ID/{BAD_MODULE}.json.gz"] = vuln | {
                    "schema_version": "1.3.1",
                    "published": "2026-01-01T00:00:00Z",
                    "aliases": ["CVE-2026-00001"],
                    "summary": "Made for a test.",
                    "affected": [
                        {
                            "package": {"name": module, "ecosystem": "Go"},
                            "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
                        }
                    ],
                }
        files["/index/modules.json.gz"] = modules
        if self.path in files:
            self.answer(files[self.path], compressed=True)
        else:
            self.send_error(404)

    def answer(self, content: object, compressed: bool = False) -> None:
        """Send JSON."""
        body = json.dumps(content).encode()
        body = gzip.compress(body) if compressed else body
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def lists() -> Iterator[http.server.ThreadingHTTPServer]:
    """The lists, at an address that containers reach and nobody outside this machine."""
    gateway = "{{(index .IPAM.Config 0).Gateway}}"
    command = ["docker", "network", "inspect", "bridge", "--format", gateway]
    address = subprocess.run(command, text=True, capture_output=True, check=True).stdout.strip()
    with http.server.ThreadingHTTPServer((address, 0), Lists) as server:
        server.known = set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def url(lists: http.server.ThreadingHTTPServer) -> str:
    """Return the lists' address."""
    host, port = lists.server_address[:2]
    return f"http://{host}:{port}"


@pytest.fixture
def ask(monkeypatch):
    """Return a function that has both tools ask at an address, and then audits."""

    def audit_with(address: str) -> int:
        monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"{address}/query")
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setattr(audit, "GO_DATABASE", address)
        return audit.audit()

    return audit_with


def test_nothing_known_is_a_success(lists, ask, capsys):
    assert ask(url(lists)) == 0
    assert "Nothing is known but what audit.toml accepts." in capsys.readouterr().out


def test_what_is_known_of_a_package_or_of_what_minio_is_made_of_is_a_failure(lists, ask, capsys):
    # A package that is pinned for one system only; a module deep in MinIO.
    lists.known |= {"xgboost-cpu", "golang.org/x/crypto"}
    assert ask(url(lists)) == 1
    *packages, module = (
        line for line in capsys.readouterr().out.splitlines() if line.startswith("NEW")
    )
    assert {line.split()[1] for line in packages} == {"xgboost-cpu"}
    assert all(BAD_PACKAGE in line for line in packages)
    assert "golang.org/x/crypto" in module and f"CVE-2026-00001 {BAD_MODULE}" in module


def test_a_finding_is_accepted_by_any_of_its_names_and_the_reason_is_shown(
    lists, ask, tmp_path, monkeypatch, capsys
):
    accepting = """
[[accepted]]
id = "CVE-2026-00001"
date = 2026-01-01
reason = "It is for a test."
"""
    (tmp_path / "audit.toml").write_text(accepting)
    monkeypatch.setattr(audit, "ACCEPTED", tmp_path / "audit.toml")
    lists.known.add("golang.org/x/crypto")
    assert ask(url(lists)) == 0
    assert "It is for a test. (2026-01-01)" in capsys.readouterr().out


def test_a_list_that_cannot_be_read_is_a_failure_that_names_it(lists, ask, capsys):
    nobody = url(lists).rpartition(":")[0] + ":9"
    with pytest.raises(LabError) as failed:
        ask(nobody)
    assert "pip-audit reached no list" in str(failed.value)
    assert "govulncheck reached no list" in str(failed.value)
    assert "Nothing is known" not in capsys.readouterr().out


def test_a_package_about_which_nothing_is_said_is_a_failure(monkeypatch):
    # PyPI knows no such version, and pip-audit by itself calls that a success.
    monkeypatch.setattr(audit, "pins", lambda: [["mlflow==0.0.0.dev0"]])
    with pytest.raises(LabError, match="no answer about 1 of 1 packages, among them mlflow"):
        audit.packages()


def test_every_pin_is_asked_about():
    asked = {pin for pinned in audit.pins() for pin in pinned}
    for path in (ROOT / "requirements").glob("*.txt"):
        for line in path.read_text().splitlines():
            if "==" in line and not line.startswith(" "):
                assert line.split()[0].rstrip(";") in asked
    for pinned in audit.pins():
        names = [pin.split("==")[0] for pin in pinned]
        assert len(names) == len(set(names))


def test_every_accepted_finding_has_a_reason_and_a_date():
    reasons = audit.accepted()
    assert reasons
    assert [reason for reason in reasons.values() if len(reason) < 40] == []
