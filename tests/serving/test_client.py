"""The client of lesson 05: what it prints where all is well, and its one line where something is not."""

import re
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.support.labs import Lab
from tests.support.services import IRIS

CLIENT = "python examples/05_serving/client.py"


def client(lab: Lab, url: str, rows: str = "", times: int = 1) -> subprocess.CompletedProcess[str]:
    """Run the client inside the lab, on the rows of a CSV text, repeated; without any, on its own."""
    head, _, body = rows.partition("\n")
    count = times * body.count("\n")
    # As a file without a place: nothing is left behind.
    file = f'<(echo "$HEAD"; yes "$BODY" | head -n {count})'
    command = f"{CLIENT} --rows {file}" if rows else CLIENT
    env = {"LAB_SERVING_URL": url, "HEAD": head, "BODY": body.rstrip("\n")}
    return lab.run("bash", "-c", command, **env)


def csv(**changed: object) -> str:
    """Return three flowers as CSV, with columns changed or added, or left out if None."""
    rows = IRIS.head(3).assign(**changed)
    return rows.drop(columns=[name for name in changed if changed[name] is None]).to_csv(
        index=False
    )


def test_it_says_who_answered_which_rows_and_counts_the_predictions(lab, service, registry):
    ran = client(lab, service.inner_url)
    good = registry.uri("good")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines() == [
        f"{service.inner_url} serves {good}, as models:/{registry.name}@champion",
        f"rows 1 to 50 answered by {good}",
        f"rows 51 to 100 answered by {good}",
        f"rows 101 to 150 answered by {good}",
        "10: 50, 11: 48, 12: 52",
    ]


def test_it_says_when_the_alias_moves_between_two_batches(lab, service, registry):
    ran = []
    flowers = IRIS.to_csv(index=False)
    asking = threading.Thread(
        target=lambda: ran.append(client(lab, service.inner_url, flowers, times=100))
    )
    asking.start()
    names = ["good", "better"]
    while asking.is_alive():
        names.reverse()
        registry.move(names[0])
        service.until(serves=registry.uri(names[0]))
    asking.join()
    assert (ran[0].returncode, ran[0].stderr) == (0, "")
    first, *lines, counts = ran[0].stdout.splitlines()
    serving = re.search(" serves (.*), as ", first)[1]
    rows, expected = Counter(), []
    for line in lines:
        if batch := re.fullmatch(r"rows (\d+) to (\d+) answered by (.*)", line):
            start, end, by = batch.groups()
            rows[by] += int(end) - int(start) + 1
            expected.append(line)
            if by != serving:
                expected.append(f"The alias has moved: the rows before were answered by {serving}")
            serving = by
    assert lines == expected
    assert len(rows) == 2
    # Version 1 answers 10, 11 and 12, version 2 answers 20, 21 and 22.
    answers = Counter()
    for prediction, count in re.findall(r"(\d+): (\d+)", counts):
        answers[f"models:/{registry.name}/{prediction[0]}"] += int(count)
    assert answers == rows
    assert rows.total() == 100 * len(IRIS)


def assert_one_line_each(lab: Lab, cases: list[tuple[str, str, str, str]]) -> None:
    """Assert that the client ends with one line for each (url, rows, how it begins, what it holds)."""
    # Beside each other: half of the time each of them waits.
    with ThreadPoolExecutor(3) as pool:
        runs = pool.map(lambda case: client(lab, *case[:2]), cases)
        for ran, (*_, begin, words) in zip(runs, cases, strict=True):
            assert ran.returncode == 1, ran.stdout + ran.stderr
            assert len(ran.stderr.splitlines()) == 1, ran.stderr
            assert ran.stderr.startswith(begin)
            assert words in ran.stderr


def test_what_cannot_be_asked_ends_in_one_line_that_says_why(lab, service):
    url, nowhere, name = service.inner_url, "http://127.0.0.1:9", "sepal length (cm)"
    how = "python examples/05_serving/service.py in the lab's shell, or docker compose --profile serving"
    tall, gap = ({name: [5.1, cell, 4.7]} for cell in ("tall", None))
    assert_one_line_each(
        lab,
        [
            (
                nowhere,
                "",
                f"No service answers at {nowhere} ",
                f"Start it: {how} up --build --wait",
            ),
            (url, csv(**{name: None}), f"Column '{name}' is missing. ", "There are: 'sepal width"),
            (url, csv(**tall), f"Column '{name}' must be double: ", "'tall'"),
            (url, csv(**gap), f"{url}/invocations answered 400: ", "Verify that the serialized"),
            (url, 'a,b\n"\n', "/dev/fd/63 cannot be read: ", "EOF inside string"),
        ],
    )


def test_empty_cells_are_pointed_out(lab, service):
    ran = client(lab, service.inner_url, csv(**{"petal width (cm)": [0.2, None, None]}))
    assert "Column 'petal width (cm)' has empty cells" in ran.stdout


def test_rows_that_pandas_would_bend_are_refused_and_those_that_fit_are_converted(
    lab, service, registry
):
    registry.move("typed")
    service.until(serves=registry.uri("typed"))
    url = service.inner_url
    assert_one_line_each(
        lab,
        [
            (url, "count,fresh,kind\n5.7,True,a\n", "Column 'count' must be long, ", "5.7 is not"),
            (url, "count,fresh,kind\n5,no,a\n", "Column 'fresh' must be boolean, ", "'no' is not"),
        ],
    )
    # 5.0 is a whole number, 1 a text where a text is wanted; what the model does not take is not sent.
    fits = client(lab, url, "count,fresh,kind,price\n5.0,True,1,2.5\n")
    assert (fits.returncode, fits.stderr) == (0, "")
    assert fits.stdout.splitlines()[-1] == f"{registry.versions['typed']}0: 1"


def test_a_version_without_a_signature_is_not_asked(lab, service, registry):
    registry.move("no signature")
    service.until(serves=registry.uri("no signature"))
    begin = f"{registry.uri('no signature')} has no signature that names its columns: "
    assert_one_line_each(lab, [(service.inner_url, "", begin, "log the model with one")])
