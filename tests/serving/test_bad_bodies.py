"""Whatever a client sends: it gets an answer of the 4xx kind, and the service goes on."""

import copy
import json

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.services import BODY, GIANT, ROWS, SCRIPT

FRAME = pd.DataFrame(**ROWS)
RIGHT = [
    {"dataframe_split": ROWS},
    {"dataframe_records": FRAME.to_dict("records")},
    {"inputs": FRAME.to_dict("list")},
    {"instances": FRAME.to_dict("records")},
]
PARQUET = FRAME.to_parquet()
CSV = FRAME.to_csv(index=False).encode()
LIMIT = 1024 * 1024

JSON_TYPES = st.sampled_from(
    ["application/json", "application/json; charset=utf-8", "application/json;charset=UTF-8"]
)
OTHER_TYPES = st.sampled_from(
    [
        "",
        "text/csv",
        "text/csv; charset=utf-8",
        "application/vnd.apache.parquet",
        "text/plain",
        "application/octet-stream",
        "multipart/form-data",
        "application/json; charset=latin-1",
        "application/json; charset",
        "application/json; version=2",
        "application/json;;;=",
        ";",
    ]
) | st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)
TYPES = st.none() | JSON_TYPES | OTHER_TYPES

# What JSON can hold, and what Python's reader takes besides: NaN, Infinity, numbers beyond any type.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**30, -(10**400), 2**63, 2**64])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["5.1", "NaN", "2020-01-01", "\ud800"])
)
ANY = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5)
    ),
    max_leaves=12,
)
PARAMS = st.fixed_dictionaries({"params": ANY}) | st.fixed_dictionaries({"signature_name": ANY})


def places(value: object, path: tuple = ()) -> list[tuple]:
    """Return the way to everything inside a JSON value."""
    found = [path]
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            found += places(value[key], (*path, key))
    return found


@st.composite
def nearly_right(draw: st.DrawFn) -> bytes:
    """Return a right body with one to three places in it changed, removed or renamed."""
    body = copy.deepcopy(draw(st.sampled_from(RIGHT)))
    for _ in range(draw(st.integers(1, 3))):
        [*way, last] = draw(st.sampled_from(places(body)[1:] or [("",)]))
        parent = body
        for key in way:
            parent = parent[key]
        edit = draw(st.sampled_from(["change", "remove", "double", "rename"]))
        if not isinstance(parent, dict | list) or (isinstance(parent, dict) and last not in parent):
            continue
        if edit == "change":
            parent[last] = draw(ANY)
        elif edit == "remove":
            del parent[last]
        elif isinstance(parent, list):
            parent.append(parent[last])
        else:
            parent[draw(st.text(max_size=10))] = (
                parent[last] if edit == "double" else parent.pop(last)
            )
    if draw(st.booleans()):
        body |= draw(PARAMS)
    return json.dumps(body).encode()


@st.composite
def spoilt(draw: st.DrawFn, right: bytes) -> bytes:
    """Return right bytes with some replaced, and perhaps the end missing."""
    body = bytearray(right)
    for _ in range(draw(st.integers(0, 4))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.integers(1, len(body)))]) if draw(st.booleans()) else bytes(body)


DEEP = st.builds(
    lambda opening, times: opening * times,
    st.sampled_from([b"[", b'{"a":', b'{"inputs":[']),
    st.sampled_from([100, 1_000, 10_000, 90_000]),
)
LARGE = st.integers(LIMIT - 2, 2 * LIMIT).map(lambda size: BODY.encode() + b" " * size)
FORMS = st.sampled_from(["dataframe_split", "dataframe_records", "inputs", "instances"])
REQUESTS = st.one_of(
    st.tuples(st.binary(max_size=300), TYPES),
    st.tuples(ANY.map(json.dumps).map(str.encode), TYPES),
    st.tuples(st.dictionaries(FORMS, ANY, max_size=2).map(json.dumps).map(str.encode), JSON_TYPES),
    st.tuples(nearly_right(), JSON_TYPES),
    st.tuples(nearly_right(), JSON_TYPES),
    st.tuples(spoilt(BODY.encode()), JSON_TYPES),
    st.tuples(st.just(BODY.encode()), OTHER_TYPES),
    st.tuples(spoilt(CSV), st.just("text/csv")),
    st.tuples(
        st.text(max_size=100).map(lambda t: t.encode(errors="surrogatepass")), st.just("text/csv")
    ),
    st.tuples(spoilt(PARQUET), st.just("application/vnd.apache.parquet")),
    st.tuples(DEEP, JSON_TYPES),
)


def test_a_thousand_malformed_requests_cause_no_5xx_and_it_answers_right_afterwards(
    service, registry
):
    statuses = []

    def send(body: bytes, content_type: str | None) -> None:
        answer = service.ask(body, **{"Content-Type": content_type})
        statuses.append(answer.status_code)
        assert answer.status_code < 500, answer.text
        if answer.status_code != 200 and answer.headers["Content-Type"] == "application/json":
            assert answer.json()["error_code"]
            assert "Traceback" not in answer.text

    # The same ones every time; a body that fails is printed.
    common = {
        "derandomize": True,
        "deadline": None,
        "database": None,
        "suppress_health_check": list(HealthCheck),
    }
    settings(max_examples=1000, **common)(given(REQUESTS)(lambda r: send(*r)))()
    settings(max_examples=20, **common)(given(LARGE, TYPES)(send))()
    right = service.ask()
    assert (right.status_code, right.json()) == (200, {"predictions": [10, 11, 12]})
    print({status: statuses.count(status) for status in sorted(set(statuses))})
    assert len(statuses) >= 1000
    assert statuses.count(200) < 200


def test_an_error_that_the_model_raises_is_a_4xx_too(service, registry):
    registry.move("deadly")
    service.until(serves=registry.uri("deadly"))
    refused = service.ask(GIANT)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "BAD_REQUEST")
    assert "No such flower." in refused.json()["message"]
    assert service.ask().status_code == 200


def test_a_body_above_the_limit_gets_its_413_and_not_a_broken_connection(service):
    for size in (LIMIT + 1, 3 * LIMIT, 20 * LIMIT):
        refused = service.ask(b" " * size)
        assert (refused.status_code, refused.headers["Content-Type"]) == (413, "application/json")
        assert refused.json()["error_code"] == "BAD_REQUEST"
        assert f"larger than {LIMIT} bytes" in refused.json()["message"]
    assert service.ask(BODY.encode().ljust(LIMIT)).status_code == 200


def test_metrics_count_answers_by_version_and_status(service, registry):
    def count(status: int) -> float:
        name = f'serving_requests_total{{model="{registry.uri("good")}",status="{status}"}} '
        found = [
            line for line in service.get("/metrics").text.splitlines() if line.startswith(name)
        ]
        return float(found[0].removeprefix(name)) if found else 0

    before = {status: count(status) for status in (200, 400, 413, 415)}
    service.ask()
    service.ask("{}")
    service.ask(b" " * (LIMIT + 1))
    service.ask(BODY, **{"Content-Type": "text/plain"})
    assert {status: count(status) - before[status] for status in before} == dict.fromkeys(before, 1)
    metrics = service.get("/metrics").text
    assert f'serving_model_loaded_timestamp_seconds{{model="{registry.uri("good")}"}}' in metrics
    assert 'serving_model_loads_total{result="loaded"}' in metrics
    assert 'serving_webhook_deliveries_total{result="accepted"}' in metrics


def test_a_second_service_on_the_same_port_says_so_and_ends(lab, service, registry):
    words = ["python", SCRIPT, f"models:/{registry.name}@champion"]
    if lab.mode == "stack":
        profile = ["--profile", "serving", "exec", "--no-TTY", "serving"]
        second = lab.compose(*profile, *words, "--host", "0.0.0.0")  # noqa: S104
    else:
        second = lab.run(*words, "--port", service.url.rpartition(":")[2])
    assert second.returncode not in (0, None)
    assert "address already in use" in second.stderr
    assert service.ask().status_code == 200
