"""A company's network: a certificate authority, a proxy that signs everybody's pages with it, and a mirror."""

import re
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import trustme

from tests.support.containers import docker
from tests.support.services import wait_until

MIRROR = "packages.company.example"


def engine_host() -> str:
    """Return the address at which containers reach this machine."""
    gateway = "{{(index .IPAM.Config 0).Gateway}}"
    return docker("network", "inspect", "bridge", "--format", gateway).strip()


class Proxy:
    """A proxy that opens TLS connections and signs their answers with the company's certificate."""

    def __init__(self, address: str, log: Path) -> None:
        """Describe a proxy that runs at an address and writes its log to a file."""
        self.address, self.log = address, log
        self.forgotten = 0

    def hosts(self) -> set[str]:
        """Return the hosts that were asked for through the proxy."""
        log = self.log.read_text()[self.forgotten :]
        return set(re.findall(r"access_log:\d+ - \S+ - \w+ ([^:/ ]+)", log))

    def forget(self) -> None:
        """Leave out of `hosts` what was asked for until now."""
        self.forgotten = len(self.log.read_text())


@contextmanager
def proxy(authority: trustme.CA, folder: Path) -> Iterator[Proxy]:
    """Run a proxy with this authority until the end of the block. Its files are in a folder, which is empty now."""
    key, certificate, log = folder / "ca.key", folder / "ca.crt", folder / "proxy.log"
    authority.private_key_pem.write_to_path(str(key))
    authority.cert_pem.write_to_path(str(certificate))
    host, port = engine_host(), folder / "port"
    machine = ssl.get_default_verify_paths()
    command = [
        sys.executable, "-m", "proxy", "--hostname", host, "--port", "0", "--port-file", port, "--log-file", log,
        "--ca-key-file", key, "--ca-cert-file", certificate, "--ca-signing-key-file", key,
        "--ca-cert-dir", folder / "signed", "--ca-file", machine.cafile or machine.openssl_cafile,
        "--num-workers", "1", "--num-acceptors", "1",
    ]  # fmt: skip
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    try:
        # It writes the file once it listens.
        wait_until(lambda: port.exists() and port.read_text() != "", 60, log.read_text)
        yield Proxy(f"http://{host}:{port.read_text().strip()}", log)
    finally:
        process.terminate()
        process.wait()


class Mirror(ThreadingHTTPServer):
    """A mirror of package registries: each has a folder, as /debian, and an address of its own."""

    def __init__(self, authority: trustme.CA, registries: dict[str, str]) -> None:
        """Listen at a free port, with a certificate for MIRROR. The keys of `registries` are the folders."""
        super().__init__((engine_host(), 0), Forward)
        self.registries = registries
        self.asked: set[str] = set()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert(MIRROR).configure_cert(context)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.address = f"https://{MIRROR}:{self.server_port}"


class Forward(BaseHTTPRequestHandler):
    """Answers a request with what the registry answers."""

    # A connection serves many requests. To close it after each would need the end of TLS, which Python leaves out.
    protocol_version = "HTTP/1.1"
    server: Mirror

    def do_GET(self) -> None:
        """Ask the registry to which the folder in the path belongs."""
        folder, _, rest = self.path[1:].partition("/")
        self.server.asked.add(folder)
        url = f"{self.server.registries[folder]}/{rest}"
        headers = {"Accept": self.headers.get("Accept", "*/*")}
        try:
            answer = urllib.request.urlopen(urllib.request.Request(url, headers=headers))  # noqa: S310
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Print nothing: tests read `asked`."""


@contextmanager
def mirror(authority: trustme.CA, registries: dict[str, str]) -> Iterator[Mirror]:
    """Run a mirror until the end of the block."""
    server = Mirror(authority, registries)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
