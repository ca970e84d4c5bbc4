"""`make audit`: what is publicly known against the packages that the lab pins, and against MinIO."""

import json
import re
import subprocess
import tempfile
import tomllib
from dataclasses import dataclass, field

from host import stack, venv
from host.errors import LabError
from host.settings import ROOT

ACCEPTED = ROOT / "audit.toml"
GO_DATABASE = "https://vuln.go.dev"


@dataclass
class Finding:
    """A known vulnerability of something that the lab uses."""

    package: str
    version: str
    names: set[str] = field(default_factory=set)
    mended_in: str = ""

    def __str__(self) -> str:
        """Return it as a line."""
        mended = f", mended in {self.mended_in}" if self.mended_in else ", mended nowhere"
        return f"{self.package} {self.version}: {' '.join(sorted(self.names))}{mended}"


def audit() -> int:
    """Look everything up and report; return 0 if nothing is known but what audit.toml accepts. Raises LabError."""
    if problem := stack.engine_problem():
        raise LabError(f"The audit builds MinIO, and so needs Docker: {problem}.")
    venv.install("audit")
    unread: list[str] = []
    found: list[Finding] = []
    # One that cannot be asked does not keep the other from being asked.
    for ask in (packages, minio):
        try:
            found += ask()
        except LabError as error:
            unread.append(str(error))
    reasons = accepted()
    new = [finding for finding in found if not finding.names & reasons.keys()]
    for finding in found:
        known = next((reasons[name] for name in finding.names if name in reasons), None)
        print(f"{'NEW' if finding in new else 'accepted'}  {finding}")
        if known:
            print(f"          {known}")
    if unread:
        raise LabError("The audit is not complete.\n" + "\n".join(unread))
    if new:
        print(
            '\nUpdate what is NEW (make lock UPGRADE="-P name"), or accept it in audit.toml with a reason.'
        )
    else:
        print("Nothing is known but what audit.toml accepts.")
    return 1 if new else 0


def accepted() -> dict[str, str]:
    """Return the reasons of audit.toml, by the vulnerability's id."""
    listed = tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("accepted", [])
    return {entry["id"]: f"{entry['reason']} ({entry['date']})" for entry in listed}


def pins() -> list[list[str]]:
    """Return every pin of every requirements file, in lists none of which has a package twice."""
    text = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("requirements/*.txt"))
    )
    versions: dict[str, list[str]] = {}
    # Whatever Python and machine a pin is for.
    for name, version in sorted(set(re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE))):
        versions.setdefault(name, []).append(version)
    return [
        [f"{name}=={known[n]}" for name, known in versions.items() if n < len(known)]
        for n in range(max(map(len, versions.values())))
    ]


def packages() -> list[Finding]:
    """Ask PyPI about every pin. Raises LabError if it does not answer for each."""
    print("Asking about the packages of requirements/*.txt …", flush=True)
    asked = [package for pinned in pins() for package in pip_audit(pinned)]
    if skipped := [package["name"] for package in asked if "skip_reason" in package]:
        raise LabError(
            f"pip-audit got no answer about {len(skipped)} of {len(asked)} packages, among them {skipped[0]}. "
            "It asks PyPI itself: a mirror, or PyPI behind one, does not do."
        )
    return [
        Finding(
            package["name"],
            package["version"],
            {known["id"], *known["aliases"]},
            " ".join(known["fix_versions"]),
        )
        for package in asked
        for known in package["vulns"]
    ]


def pip_audit(pinned: list[str]) -> list[dict]:
    """Return what pip-audit says of each pin; it takes a package once. Raises LabError if it says nothing."""
    command = [venv.VENV / "bin" / "pip-audit", "--no-deps", "--disable-pip", "--format=json"]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pinned))
        file.flush()
        words = [*command, "--progress-spinner=off", "--requirement", file.name]
        ran = subprocess.run(words, text=True, capture_output=True)
    try:
        return json.loads(ran.stdout)["dependencies"]
    except ValueError:
        raise LabError(f"pip-audit reached no list of vulnerabilities: {last_line(ran)}") from None


def last_line(ran: subprocess.CompletedProcess[str]) -> str:
    """Return the last thing that a command complained about."""
    return (ran.stderr.strip() or "it said nothing").splitlines()[-1]


def minio() -> list[Finding]:
    """Ask Go's database about MinIO's binary and all that is built into it. Raises LabError if it cannot."""
    print("Asking about MinIO as minio/Dockerfile builds it …", flush=True)
    stack.pull_base_images()
    image = f"{stack.name()}-minio-audit"
    build = ["docker", "build", "--quiet", "--target", "audit", "--tag", image]
    built = subprocess.run(
        [*build, "--file", "minio/Dockerfile", "."], cwd=ROOT, text=True, capture_output=True
    )
    if built.returncode != 0:
        raise LabError(f"MinIO could not be built for govulncheck:\n{built.stderr[-1500:]}")
    check = ["govulncheck", "-mode=binary", "-format=json", f"-db={GO_DATABASE}"]
    ran = subprocess.run(
        ["docker", "run", "--rm", image, *check, "/go/bin/minio"], text=True, capture_output=True
    )
    if ran.returncode != 0:
        raise LabError(f"govulncheck reached no list of vulnerabilities: {last_line(ran)}")
    return govulncheck_findings(ran.stdout)


def govulncheck_findings(output: str) -> list[Finding]:
    """Return what govulncheck's stream of JSON objects reports."""
    decoder, messages, text = json.JSONDecoder(), [], output.strip()
    while text:
        message, end = decoder.raw_decode(text)
        messages.append(message)
        text = text[end:].lstrip()
    names = {
        m["osv"]["id"]: {m["osv"]["id"], *m["osv"].get("aliases", ())}
        for m in messages
        if "osv" in m
    }
    found: dict[tuple[str, str], Finding] = {}
    for finding in (m["finding"] for m in messages if "finding" in m):
        where = finding["trace"][0]
        # Reported once for the module, and again for each package and function of it.
        found[finding["osv"], where["module"]] = Finding(
            where["module"],
            where.get("version", ""),
            names[finding["osv"]],
            finding.get("fixed_version", ""),
        )
    return list(found.values())
