"""A company's network, whose proxy signs everybody's pages with a certificate of the company's own."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
import trustme
from pip._internal.models.index import PyPI

from tests.support.checkout import copy_of_checkout
from tests.support.company import MIRROR, Mirror, Proxy, engine_host, mirror, proxy
from tests.support.containers import docker
from tests.support.known import assert_known
from tests.support.labs import checkout_digest, run

pytestmark = pytest.mark.stack
PROJECT = f"mlflow-model-lab-company-{checkout_digest()}"
# A module without requirements of its own.
MODULE = "rsc.io/sampler@v1.3.1"


@dataclass
class Company:
    """A company's network, and a checkout in it."""

    checkout: Path
    proxy: Proxy
    mirror: Mirror
    certificate: Path

    def settings(self) -> dict[str, str]:
        """Return what docs/company-network.md has a user write into .env."""
        return {
            "HTTP_PROXY": self.proxy.address,
            "HTTPS_PROXY": self.proxy.address,
            "NO_PROXY": MIRROR,
            "LAB_APT_MIRROR": self.mirror.address,
            "PIP_INDEX_URL": f"{self.mirror.address}/simple",
            "GOPROXY": f"{self.mirror.address}/go",
        }

    def docker(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `docker` in the checkout, and keep what it prints."""
        return run(["docker", *words], env=os.environ | settings, cwd=self.checkout)


@pytest.fixture(scope="module")
def company(tmp_path_factory) -> Iterator[Company]:
    """The network and the checkout. The certificate is not in the checkout's folder certificates/ yet."""
    authority = trustme.CA(organization_name="Company")
    apt = "grep -rhE '^(URIs:|deb )' /etc/apt/sources.list*"
    lists = docker("run", "--rm", "debian:trixie-slim", "sh", "-c", apt)
    debian = re.search(r"https?://[^/ ]+", lists)[0]
    go = docker("run", "--rm", "golang:1.26-trixie", "go", "env", "GOPROXY").split(",")[0]
    registries = {
        "debian": f"{debian}/debian",
        "debian-security": f"{debian}/debian-security",
        "simple": PyPI.simple_url.rstrip("/"),
        "go": go,
    }
    folder = tmp_path_factory.mktemp("company")
    checkout = copy_of_checkout(tmp_path_factory.mktemp("checkout"))
    shutil.copy(checkout / ".env.example", checkout / ".env")
    build = {"extra_hosts": [f"{MIRROR}={engine_host()}"]}
    names = {"services": {"store-setup": {"build": build}}}
    (checkout / "names.yml").write_text(json.dumps(names))
    with proxy(authority, folder) as running, mirror(authority, registries) as packages:
        yield Company(checkout, running, packages, folder / "ca.crt")
    docker("image", "rm", "--force", f"{PROJECT}-store-setup")


def build_setup(
    company: Company, *options: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Build the smallest image of the stack that has Debian's and Python's packages."""
    build = ["compose", "build", "--progress", "plain", *options, "store-setup"]
    files = "docker-compose.yml:names.yml"
    return company.docker(*build, COMPOSE_PROJECT_NAME=PROJECT, COMPOSE_FILE=files, **settings)


def test_without_the_certificate_a_build_fails(company):
    proxies = {n: v for n, v in company.settings().items() if n.endswith("_PROXY")}
    ran = build_setup(company, "--no-cache", **proxies)
    assert ran.returncode != 0
    assert_known(ran.stdout + ran.stderr, "certificate_unknown")


def test_a_certificate_in_another_format_is_explained(company):
    file = company.checkout / "certificates" / "company.cer"
    file.write_bytes(bytes.fromhex("3082"))
    try:
        ran = build_setup(company)
    finally:
        file.unlink()
    assert ran.returncode != 0
    convert = "openssl x509 -inform der -in certificates/company.cer -out certificates/company.crt"
    assert f"{convert} && rm certificates/company.cer" in ran.stdout + ran.stderr


@pytest.fixture
def trusted(company) -> Iterator[Company]:
    """The network, with its certificate in the checkout, and with empty logs."""
    file = company.checkout / "certificates" / "company.pem"
    shutil.copy(company.certificate, file)
    company.mirror.asked.clear()
    company.proxy.forget()
    yield company
    file.unlink()


def test_with_the_certificate_and_the_settings_a_build_works(trusted):
    ran = build_setup(trusted, **trusted.settings())
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert trusted.mirror.asked >= {"debian", "simple"}
    # The mirror has the packages' names only. NO_PROXY names the mirror.
    hosts = trusted.proxy.hosts()
    assert hosts
    assert MIRROR not in hosts


@pytest.mark.parametrize(
    ("folder", "stage", "command", "asked"),
    [
        ("trainer", "uv", "/opt/uv/bin/uv pip install --no-cache --target /a iniconfig", "simple"),
        ("minio", "go", f"go mod download {MODULE}", "go"),
    ],
)
def test_the_installers_of_python_and_go_work(trusted, folder, stage, command, asked):
    # The stages that build the images download much more.
    dockerfile = (trusted.checkout / folder / "Dockerfile").read_text()
    last = f"{dockerfile}\nFROM {stage} AS last\nRUN true {uuid4()} && {command}\n"
    file = trusted.checkout / folder / "last.Dockerfile"
    file.write_text(last)
    settings = trusted.settings() | {"UV_DEFAULT_INDEX": trusted.settings()["PIP_INDEX_URL"]}
    build = [
        word for name, value in settings.items() for word in ("--build-arg", f"{name}={value}")
    ]
    name = ["--add-host", f"{MIRROR}:{engine_host()}"]
    where = ["--file", str(file), "--target", "last", "."]
    built = trusted.docker("build", "--quiet", *name, *build, *where)
    assert built.returncode == 0, built.stderr
    assert asked in trusted.mirror.asked
    docker("image", "rm", built.stdout.strip())


def test_every_build_gets_the_settings(company):
    settings = company.settings() | {"GOSUMDB": "off"}
    ran = company.docker("compose", "--profile", "*", "config", "--format", "json", **settings)
    services = json.loads(ran.stdout)["services"].values()
    given = {
        service["build"]["dockerfile"]: service["build"]["args"]
        for service in services
        if "build" in service
    }
    assert len(given) == 3
    for file, arguments in given.items():
        wanted = settings.copy()
        if file != "minio/Dockerfile":
            wanted |= {"UV_DEFAULT_INDEX": wanted["PIP_INDEX_URL"]}
            del wanted["GOPROXY"], wanted["GOSUMDB"]
        assert arguments.items() >= wanted.items()


def test_the_trainer_has_the_proxy_and_asks_the_lab_s_services_without_it(stack_lab):
    proxy, names = "http://proxy.company.example:3128", ("mlflow", "minio", MIRROR, "example.org")
    code = (
        "import json, urllib.request as u; "
        f"print(json.dumps([u.getproxies(), [bool(u.proxy_bypass(name)) for name in {names}]]))"
    )
    run = ["run", "--rm", "--no-deps", "--no-TTY", "trainer", "python", "-c", code]
    ran = stack_lab.compose(*run, HTTP_PROXY=proxy, HTTPS_PROXY=proxy, NO_PROXY=MIRROR)
    proxies, bypassed = json.loads(ran.stdout)
    assert proxies["http"] == proxies["https"] == proxy
    assert bypassed == [True, True, True, False]
