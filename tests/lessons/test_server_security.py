"""MLflow's server against strangers: pages of other sites, and paths that lead out of a run's folder."""

import http.client
import json
import uuid
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.labs import Lab, free_ports, stored

API, PAGES = "/api/2.0/mlflow", "/ajax-api/2.0/mlflow"
PROXY = ("/api/2.0/mlflow-artifacts/artifacts", "/ajax-api/2.0/mlflow-artifacts/artifacts")
SEARCH = f"{API}/experiments/search?max_results=1"


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    headers: dict[str, str]


def ask(lab: Lab, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
    """Send a request with its path as it stands: a usual client would tidy it up."""
    number = int(lab.settings["MLFLOW_PORT"])
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=60)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host="Host" in names)
    for name, value in names.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    got = {name.lower(): value for name, value in answer.getheaders()}
    return Answer(answer.status, answer.read(), got)


@pytest.mark.parametrize(
    "path", ["/", SEARCH, SEARCH.replace("/api/", "/ajax-api/"), "/get-artifact?run_id=x&path=y"]
)
@pytest.mark.parametrize(
    "host", ["stranger.example", "localhost.stranger.example:5000", "192.168.0.9:5000", "localhost"]
)
def test_a_foreign_host_gets_403_on_page_and_api(lab, path, host):
    refused = ask(lab, "GET", path, Host=host)
    assert (refused.status, b"DNS rebinding" in refused.body) == (403, True)


def test_only_the_questions_after_health_and_version_are_answered_to_any_host(lab):
    for path in ("/health", "/version"):
        assert ask(lab, "GET", path, Host="stranger.example").status == 200


def test_the_lab_s_own_hosts_are_let_in(lab):
    hosts = ["localhost:5000", "127.0.0.1:5000"] + ["mlflow:5000"] * (lab.mode == "stack")
    assert {
        ask(lab, "GET", path, Host=host).status for host in hosts for path in ("/", SEARCH)
    } == {200}


ORIGINS = ["http://stranger.example", "https://localhost.stranger.example", "null", "file://"]


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("base", [API, PAGES])
def test_a_foreign_origin_gets_403_where_something_is_changed(lab, origin, base):
    json_ = {"Origin": origin, "Content_Type": "application/json"}
    assert ask(lab, "POST", f"{base}/runs/create", b"{}", **json_).status == 403
    artifacts = f"{base}-artifacts/artifacts/0/x"
    assert ask(lab, "PUT", artifacts, b"x", Origin=origin).status == 403
    assert ask(lab, "DELETE", artifacts, Origin=origin).status == 403


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", ["/", SEARCH])
def test_a_foreign_origin_cannot_read_an_answer_as_no_header_allows_it(lab, origin, path):
    # MLflow sends the answer: to keep it from the page is the browser's part.
    assert "access-control-allow-origin" not in ask(lab, "GET", path, Origin=origin).headers


@pytest.mark.parametrize("path", [f"{API}/runs/create", f"{PAGES}/runs/create", "/graphql"])
def test_a_browser_that_asks_first_is_told_no_for_a_foreign_origin_and_yes_for_ours(lab, path):
    def ask_first(origin: str) -> Answer:
        want = {"Access_Control_Request_Method": "POST"}
        return ask(lab, "OPTIONS", path, Origin=origin, **want)

    refused, allowed = ask_first(ORIGINS[0]), ask_first("http://localhost:5000")
    assert (refused.status, "access-control-allow-origin" in refused.headers) == (400, False)
    assert allowed.headers["access-control-allow-origin"] == "http://localhost:5000"


def test_graphql_takes_nothing_that_a_page_can_send_without_asking_first(lab):
    query = b'{"query": "{ __typename }"}'
    plain = ask(lab, "POST", "/graphql", query, Origin=ORIGINS[0], Content_Type="text/plain")
    assert (plain.status, b"Content-Type must be one of" in plain.body) == (400, True)


class Runs(NamedTuple):
    """Two runs in two experiments, with a file each: the folder of one, its id, the folder of the other."""

    own: str
    run_id: str
    other: str


SECRET = b"not for the other run"


@pytest.fixture(scope="module")
def runs(lab):
    def create(what: str, **fields: str) -> dict:
        body = json.dumps(fields).encode()
        answer = ask(lab, "POST", f"{API}/{what}/create", body, Content_Type="application/json")
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    folders, ids = [], []
    for content in (b"own", SECRET):
        experiment = create("experiments", name=f"test_paths_{uuid.uuid4()}")["experiment_id"]
        ids.append(create("runs", experiment_id=experiment)["run"]["info"]["run_id"])
        folders.append(f"{experiment}/{ids[-1]}/artifacts")
        assert ask(lab, "PUT", f"{PROXY[0]}/{folders[-1]}/file", content).status == 200
    return Runs(folders[0], ids[0], folders[1])


def kept(lab: Lab) -> str:
    """Return the content of the store: keys with sizes and digests, or files with their bytes."""
    if lab.mode == "stack":
        return json.dumps(stored(lab))
    state = Path(lab.settings["LAB_STATE"])
    files = (path for path in state.rglob("*") if path.is_file() and path.parent != state)
    return "\n".join(f"{path} {path.read_bytes()!r}" for path in sorted(files))


# Ways to write "up three folders", and what MLflow 3.17.2 answers.
UP = {
    "../../..": {400},
    "%2e%2e/%2e%2e/%2e%2e": {400},
    "..%2f..%2f..": {400},
    "%252e%252e/%252e%252e/%252e%252e": {400},
    "..%252f..%252f..": {400},
    "%25252e%25252e/%25252e%25252e/%25252e%25252e": {400},
    "x/../../../..": {400},
    "..;/..;/..": {400},
    # Not seen by MLflow: part of a name in a folder, and refused by MinIO.
    "..%5c..%5c..": {404, 500},
    "%2e%2e%5c%2e%2e%5c%2e%2e": {404, 500},
    "..%255c..%255c..": {404, 500},
}


@pytest.mark.parametrize("up", UP)
def test_a_path_cannot_leave_its_run_s_folder(lab, runs, up):
    before = kept(lab)
    answers = [ask(lab, "GET", f"{proxy}/{runs.own}/{up}/{runs.other}/file") for proxy in PROXY]
    answers += [
        ask(lab, "GET", path)
        for proxy in PROXY
        for path in (
            f"{proxy}?path={runs.own}/{up}/{runs.other}",
            f"/get-artifact?run_id={runs.run_id}&path={up}/{runs.other}/file",
            f"{API}/artifacts/list?run_id={runs.run_id}&path={up}/{runs.other}",
        )
    ]
    assert [answer for answer in answers if answer.status not in UP[up] | {200}] == []
    assert [a for a in answers if SECRET in a.body or b"is_dir" in a.body] == []
    if UP[up] == {400}:
        assert {answer.status for answer in answers} == {400}
        for proxy in PROXY:
            target = f"{proxy}/{runs.own}/{up}/{runs.other}"
            assert ask(lab, "PUT", f"{target}/planted", b"x").status == 400
            assert ask(lab, "DELETE", f"{target}/file").status == 400
    assert kept(lab) == before


ABSOLUTE = [
    "/etc/passwd", "%2fetc%2fpasswd", "%252fetc%252fpasswd", "//etc/passwd", "file:///etc/passwd",
    "file:/etc/passwd", "C:%5cwindows",
]  # fmt: skip


@pytest.mark.parametrize("path", ABSOLUTE)
def test_an_absolute_path_is_refused(lab, runs, path):
    before = kept(lab)
    answers = [
        ask(lab, "GET", f"/get-artifact?run_id={runs.run_id}&path={path}"),
        ask(lab, "GET", f"{API}/artifacts/list?run_id={runs.run_id}&path={path}"),
    ]
    for proxy in PROXY:
        answers += [
            ask(lab, "GET", f"{proxy}/{path}"),
            ask(lab, "GET", f"{proxy}?path={path}"),
            ask(lab, "PUT", f"{proxy}/{path}", b"x"),
        ]
    assert {answer.status for answer in answers} == {400}
    # To delete it sends the client to the path below the store's root.
    assert {ask(lab, "DELETE", f"{proxy}/{path}").status for proxy in PROXY} <= {308, 400}
    assert kept(lab) == before


def test_an_experiment_on_the_server_s_disk_can_write_there_but_read_no_file_of_before(
    lab, tmp_path
):
    json_ = {"Content_Type": "application/json"}
    place = "/tmp" if lab.mode == "stack" else str(tmp_path)  # noqa: S108
    for folder, may_write in (("/etc", False), (place, True)):
        fields = {"name": f"test_paths_{uuid.uuid4()}", "artifact_location": f"file://{folder}"}
        made = ask(lab, "POST", f"{API}/experiments/create", json.dumps(fields).encode(), **json_)
        experiment = json.dumps(json.loads(made.body)).encode()
        try:
            run = json.loads(ask(lab, "POST", f"{API}/runs/create", experiment, **json_).body)
            run_id = run["run"]["info"]["run_id"]
            got = ask(lab, "GET", f"/get-artifact?run_id={run_id}&path=passwd")
            assert (got.status, b"root:" in got.body) == (404, False)
            if may_write:
                put = f"{PAGES}/upload-artifact?run_uuid={run_id}&path=planted"
                assert ask(lab, "POST", put, b"x", Content_Type="text/plain").status == 200
                assert ask(lab, "GET", f"/get-artifact?run_id={run_id}&path=planted").body == b"x"
        finally:
            # lab doctor would report it.
            ask(lab, "POST", f"{API}/experiments/delete", experiment, **json_)


@pytest.mark.parametrize("source", ["/etc", "file:///etc", "mlflow-artifacts:/../etc"])
@pytest.mark.parametrize("prompt", ["false", "true"])
def test_a_model_version_cannot_be_made_of_the_server_s_own_files(lab, source, prompt):
    # As a prompt, before MLflow 3.10, it could (CVE-2026-2614).
    name = f"test_paths_{uuid.uuid4()}"
    tags = [{"key": "mlflow.prompt.is_prompt", "value": prompt}]
    json_ = {"Content_Type": "application/json"}
    made = json.dumps({"name": name, "tags": tags}).encode()
    assert ask(lab, "POST", f"{API}/registered-models/create", made, **json_).status == 200
    try:
        version = json.dumps({"name": name, "source": source, "tags": tags}).encode()
        refused = ask(lab, "POST", f"{API}/model-versions/create", version, **json_)
        got = ask(lab, "GET", f"/model-versions/get-artifact?name={name}&version=1&path=passwd")
        assert (refused.status, b"root:" in got.body) == (400, False)
    finally:
        body = json.dumps({"name": name}).encode()
        ask(lab, "DELETE", f"{API}/registered-models/delete", body, **json_)


def test_a_path_into_the_run_s_own_folder_is_served(lab, runs):
    # Else the tests above would pass with a server that refuses everything.
    own = f"/get-artifact?run_id={runs.run_id}&path=file"
    assert ask(lab, "GET", own).body == b"own"
    assert ask(lab, "GET", f"{PROXY[0]}/{runs.other}/file").body == SECRET


def test_another_name_and_its_pages_are_let_in_once_env_has_them(lab, tmp_path_factory):
    own = {
        "MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow.example.org,lab.example.org:8443",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "https://mlflow.example.org",
    }
    if lab.mode == "embedded":
        state = {
            "LAB_STATE": str(tmp_path_factory.mktemp("named")),
            "MLFLOW_PORT": free_ports(1)[0],
        }
        named = Lab("embedded", lab.settings | state | own)
        assert named.host("up").returncode == 0
    else:
        # The tests' own stack, which gets its previous settings back.
        named = lab
        assert lab.compose("up", "--detach", "--wait", "mlflow", **own).returncode == 0
    try:
        hosts = ["mlflow.example.org", "lab.example.org:8443", "localhost:5000"]
        assert {ask(named, "GET", SEARCH, Host=host).status for host in hosts} == {200}
        assert ask(named, "GET", SEARCH, Host="stranger.example").status == 403
        for origin, status in {
            "https://mlflow.example.org": 400,
            "https://x.example.org": 403,
        }.items():
            json_ = {"Origin": origin, "Content_Type": "application/json"}
            # 400: it reads the request, which has no name for the experiment.
            assert ask(named, "POST", f"{API}/experiments/create", b"{}", **json_).status == status
    finally:
        if lab.mode == "embedded":
            named.host("down")
        else:
            assert lab.compose("up", "--detach", "--wait").returncode == 0
