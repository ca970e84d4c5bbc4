"""What each service may do, see and open, whatever profile it belongs to, and what the images hold."""

import http.client
import json
import re
from pathlib import Path

import pytest

from tests.support.containers import (
    ONE_SHOTS,
    PROFILES,
    docker,
    environment,
    inside,
    inspect,
    provide,
    secrets,
)
from tests.support.labs import COMPOSE_FILES, ROOT, Lab

pytestmark = pytest.mark.stack

TRAINERS = ("trainer", "notebook", "flavors", "spark")
READER = {"LAB_DB_READER_PASSWORD", "LAB_S3_READER_SECRET_KEY"}
SERVER = {"LAB_DB_PASSWORD", "LAB_S3_ACCESS_KEY", "LAB_S3_SECRET_KEY"}
ROOT_ACCOUNT = {"MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"}
# The cluster runs what it is sent, and has nothing to give away.
KNOWN = {
    "postgres": {"POSTGRES_PASSWORD"},
    "postgres-setup": {"POSTGRES_PASSWORD", "LAB_DB_PASSWORD", "LAB_DB_READER_PASSWORD"},
    "minio": ROOT_ACCOUNT,
    "store-setup": ROOT_ACCOUNT
    | {"LAB_S3_ACCESS_KEY", "LAB_S3_SECRET_KEY", "LAB_S3_READER_SECRET_KEY"},
    "mlflow": SERVER | {"MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"},
    "trainer": READER,
    "notebook": READER | {"JUPYTER_TOKEN"},
    "flavors": READER,
    "spark": READER,
    "spark-master": set(),
    "spark-worker": set(),
    "serving": {"LAB_WEBHOOK_SECRET"},
    "serving-setup": {"LAB_WEBHOOK_SECRET"},
}
PUBLISHED = {
    "mlflow": {"MLFLOW_PORT"},
    "trainer": {"MODEL_SERVER_PORT"},
    "minio": {"MINIO_PORT", "MINIO_CONSOLE_PORT"},
    "serving": {"SERVING_PORT"},
    "notebook": {"JUPYTER_PORT"},
    "spark": {"SPARK_UI_PORT"},
    "spark-master": {"SPARK_MASTER_UI_PORT"},
}


@pytest.fixture(params=PROFILES)
def service(request, stack_lab):
    """Have a service running and return its name."""
    provide(stack_lab, request.param)
    return request.param


@pytest.fixture(params=[*PROFILES, *ONE_SHOTS])
def container(request, stack_lab):
    """Have a service's container there, of a one-shot too, and return the service's name."""
    provide(stack_lab, request.param)
    return request.param


def test_the_lists_above_name_every_service(stack_lab):
    listed = stack_lab.compose("--profile", "*", "config", "--services").stdout.split()
    assert set(listed) == {*PROFILES, *ONE_SHOTS}


def test_a_service_does_not_run_as_root_and_cannot_become_root(stack_lab, service):
    status = inside(stack_lab, service, "cat", "/proc/1/status")
    assert re.search(r"^Uid:(\t\d+){4}$", status, flags=re.MULTILINE)
    assert not re.search(r"^Uid:.*\b0\b", status, flags=re.MULTILINE)
    assert re.search(r"^CapBnd:\s+0+$", status, flags=re.MULTILINE)
    assert re.search(r"^NoNewPrivs:\s+1$", status, flags=re.MULTILINE)


def test_a_container_has_no_root_user_no_capabilities_and_no_privileges(stack_lab, container):
    made = inspect(stack_lab, container)
    assert made["Config"]["User"] not in ("", "root", "0")
    assert (made["HostConfig"]["CapDrop"], made["HostConfig"]["CapAdd"]) == (["ALL"], None)
    assert made["HostConfig"]["SecurityOpt"] == ["no-new-privileges:true"]
    assert not made["HostConfig"]["Privileged"]


def test_only_a_learner_s_container_has_a_writable_root_file_system(stack_lab, container):
    assert inspect(stack_lab, container)["HostConfig"]["ReadonlyRootfs"] == (
        container not in TRAINERS
    )


def test_a_service_cannot_write_to_its_image_s_files(stack_lab, service):
    if service in TRAINERS:
        # All that is not the learner's belongs to root.
        look = "find / -xdev -writable ! -type l ! -type d 2>/dev/null"
        theirs = ("/home/learner/", "/tmp/", "/var/tmp/", "/proc/", "/dev/", "/opt/venv/.lock")  # noqa: S108
        writable = inside(stack_lab, service, "sh", "-c", look).splitlines()
        assert [path for path in writable if not path.startswith(theirs)] == []
    else:
        root = re.search(
            r"^\S+ / \S+ (\S+)", inside(stack_lab, service, "cat", "/proc/mounts"), re.M
        )
        assert "ro" in root[1].split(",")


def test_a_container_knows_only_its_own_secrets(stack_lab, container):
    every = secrets()
    assert len(set(every.values())) == len(every) == 11
    known = environment(stack_lab, container)
    if container in PROFILES:
        known += inside(stack_lab, container, "env")
    assert {name for name, value in every.items() if value in known} == KNOWN[container]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_learner_s_checkout_is_read_only_and_without_env_file(stack_lab, trainer):
    provide(stack_lab, trainer)
    assert "Read-only file system" in inside(stack_lab, trainer, "touch", "/lab/x")
    assert inside(stack_lab, trainer, "cat", "/lab/.env") == ""


def test_a_container_has_no_anonymous_volumes(stack_lab, container):
    project = stack_lab.settings["COMPOSE_PROJECT_NAME"]
    volumes = [m["Name"] for m in inspect(stack_lab, container)["Mounts"] if m["Type"] == "volume"]
    assert [name for name in volumes if not name.startswith(f"{project}_")] == []


def test_ports_are_published_on_the_loopback_address_only(stack_lab, service):
    bound = [
        address
        for bindings in inspect(stack_lab, service)["NetworkSettings"]["Ports"].values()
        for address in bindings or []
    ]
    wanted = {stack_lab.settings[name] for name in PUBLISHED.get(service, ())}
    assert {address["HostIp"] for address in bound} <= {"127.0.0.1"}
    assert {address["HostPort"] for address in bound} == wanted
    # And what the kernel says.
    assert [port for port in wanted if listening(int(port)) != {"0100007F"}] == []


def listening(port: int) -> set[str]:
    """Return the addresses on which this machine listens at a port, as the kernel writes them."""
    lines = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    here = [line[1].split(":") for line in lines if line[3] == "0A"]
    return {address for address, number in here if int(number, 16) == port}


# The services whose images are built here, and none of which is another's.
BUILT = ("mlflow", "minio", "store-setup", "trainer", "notebook", "flavors", "spark")
LEFTOVERS = """
find /tmp /var/tmp /root /var/lib/apt/lists -mindepth 1 -not -name .bashrc -not -name .profile
find /var/cache/apt -type f -size +0
find / -xdev '(' -name .env -o -name .git -o -name .cache ')' -not -path '/proc/*'
for program in cc gcc g++ make go rustc cargo wget; do command -v $program; done
find /opt -mindepth 1 -maxdepth 1 -not -name venv -not -name lab -not -name '*.py'
true
"""


@pytest.mark.parametrize("built", BUILT)
def test_an_image_holds_no_secret_and_nothing_left_from_its_build(stack_lab, built):
    provide(stack_lab, built)
    image = inspect(stack_lab, built)["Image"]
    history = docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    described = history + docker("image", "inspect", image)
    files = f"grep -rlF -e {' -e '.join(map(repr, secrets().values()))} /etc /home /root /opt/lab /opt/*.py"
    as_root = ["run", "--rm", "--network", "none", "--user", "0", "--entrypoint", "sh", image, "-c"]
    assert [name for name, value in secrets().items() if value in described] == []
    assert docker(*as_root, f"{files} 2>/dev/null; true") == ""
    assert docker(*as_root, LEFTOVERS) == ""
    # In the trainers, `mlflow models serve` needs it.
    uv = docker(*as_root, "command -v uv; true").strip()
    assert uv == ("/usr/local/bin/uv" if built in TRAINERS else "")


def test_a_build_gets_the_requirements_the_trainer_and_the_server_s_files(tmp_path):
    # All that it gets, written to a folder.
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    out = tmp_path / "context"
    to = ["--file", str(tmp_path / "Dockerfile"), "--output", str(out), str(ROOT)]
    assert (ROOT / ".env").exists() and (ROOT / ".git").exists()
    docker("build", "--quiet", *to)
    got = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    allowed = re.compile(
        r"build/install-packages|certificates/(\.gitignore|[^/]*\.(crt|pem|cer))"
        r"|requirements/[\w-]+\.txt|minio/setup\.py|trainer/.*"
        r"|mlflow-server/((serve|check_store|objects|garbage)\.py|lab_server/\w+\.py|pyproject\.toml)"
    )
    assert "requirements/server.txt" in got and "requirements/dev.txt" not in got
    assert [name for name in got if not allowed.fullmatch(name)] == []
    assert [name for name in got if "__pycache__" in name or Path(name).name == ".env"] == []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM runs",
        "UPDATE runs SET name = 'x'",
        "INSERT INTO tags VALUES ('a', 'b', 'c')",
        "CREATE TABLE x ()",
    ],
)
def test_the_trainer_s_database_account_cannot_write(stack_lab, statement):
    code = f"import psycopg2; psycopg2.connect('').cursor().execute({statement!r})"
    assert "InsufficientPrivilege" in stack_lab.run("python", "-c", code).stderr


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("put_object", {"Bucket": "mlflow", "Key": "x", "Body": ""}),
        ("delete_object", {"Bucket": "mlflow", "Key": "x"}),
        ("create_bucket", {"Bucket": "other"}),
        ("delete_bucket", {"Bucket": "mlflow"}),
    ],
)
def test_the_trainer_s_store_account_cannot_write(stack_lab, method, arguments):
    words = ["python", "-m", "tests.inside.call_s3", method, json.dumps(arguments)]
    assert "AccessDenied" in stack_lab.run(*words).stderr


@pytest.mark.parametrize("user", ["mlflow", "minioadmin", "lab-admin", "lab-reader", ""])
def test_no_account_that_can_be_guessed_writes_to_the_store_without_its_secret(stack_lab, user):
    assert unsigned_put(stack_lab, user) in (400, 403)


def test_this_minio_lets_an_account_s_name_write_without_its_secret(stack_lab):
    # CVE-2026-41145: why the names are secrets. If this fails, MinIO is mended, and they need not be.
    assert unsigned_put(stack_lab, secrets()["LAB_S3_ACCESS_KEY"]) == 200


def unsigned_put(lab: Lab, user: str) -> int:
    """Write an object in a user's name without any signature; return the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", int(lab.settings["MINIO_PORT"]))
    path = f"/mlflow/unsigned?X-Amz-Credential={user}%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"
    headers = {
        "X-Amz-Content-Sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "X-Amz-Decoded-Content-Length": "5",
        "X-Amz-Trailer": "x-amz-checksum-crc32",
        "Content-Encoding": "aws-chunked",
    }
    body = b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"
    connection.request("PUT", path, body, headers)
    return connection.getresponse().status


def test_the_store_allows_no_requests_from_pages_of_other_sites(stack_lab):
    connection = http.client.HTTPConnection("127.0.0.1", int(stack_lab.settings["MINIO_PORT"]))
    headers = {"Origin": "http://stranger.example", "Access-Control-Request-Method": "PUT"}
    connection.request("OPTIONS", "/mlflow/x", headers=headers)
    assert connection.getresponse().getheader("Access-Control-Allow-Origin") is None


def test_the_trainer_s_mlflow_client_has_no_key_of_the_store(stack_lab):
    names = {line.split("=")[0] for line in stack_lab.run("env").stdout.splitlines()}
    assert not {name for name in names if name.startswith(("AWS_", "MLFLOW_S3", "BOTO"))}


def test_no_secret_has_a_default(stack_lab):
    # With an empty environment and no .env there is no password, and so no stack.
    config = "\n".join(file.read_text() for file in COMPOSE_FILES)
    given = dict(re.findall(r"\$\{(\w+)(:?[?-])", config))
    assert {given[name] for name in secrets()} == {":?"}
