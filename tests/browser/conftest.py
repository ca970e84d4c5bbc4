"""A browser on the lab's pages, as a learner has it who has run a lesson."""

import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from host.settings import settings
from lab.lessons import LEFT_OUT, Lesson, find, lessons
from tests.support.chromium import browser as browser
from tests.support.demo import Demo
from tests.support.labs import ROOT, Lab
from tests.support.pictures import take, why_out_of_date, write
from tests.support.readmes import samples

# What README 02 has the learner choose and close once, as MLflow keeps it in the browser.
CHOSEN = """
localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"');
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
localStorage.setItem("_mlflow_model_registry_promo_modal_dismissed_v1", "true");
"""

MLFLOW_REQUESTS = re.compile("/(static-files|ajax-api|graphql)")

# A picture is taken so often, a second apart, before it is said to be out of date.
TRIES = 6
# Milliseconds: a machine on which both modes are tested at once is slow.
expect.set_options(timeout=30_000)


def ask(lab: Lab, call: str, **body: object) -> dict:
    """Return what the lab's server answers to a call of its API."""
    url = f"http://127.0.0.1:{lab.settings['MLFLOW_PORT']}/api/2.0/mlflow/{call}"
    data = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=30) as answer:
        return json.load(answer)


def experiment_of(lab: Lab, lesson: Lesson) -> str | None:
    """Return the number of the lesson's experiment, None if it has none with a run in it."""
    try:
        experiment = ask(lab, f"experiments/get-by-name?experiment_name={lesson.name}")
    except urllib.error.HTTPError:
        return None
    number = experiment["experiment"]["experiment_id"]
    runs = ask(lab, "runs/search", experiment_ids=[number], max_results=1)
    return number if runs else None


@pytest.fixture(scope="module")
def lesson(lab: Lab, request: pytest.FixtureRequest) -> Lesson:
    """A lesson that has been run on this lab: by another test, or now."""
    lesson = find(request.param, lessons(ROOT))
    if experiment_of(lab, lesson) is None:
        ran = lab.run("lab", "run", lesson.number)
        assert ran.returncode in (0, LEFT_OUT), ran.stdout + ran.stderr
    return lesson


@pytest.fixture
def page(lab: Lab, lesson: Lesson, browser: Browser) -> Iterator[Page]:
    """The page of the lesson's runs, at the address that `lab demo` prints for it."""
    yield from opened(browser, *runs_of(lab, lesson), CHOSEN)


@pytest.fixture
def first_visit(lab: Lab, lesson: Lesson, browser: Browser) -> Iterator[Page]:
    """The same page in a browser in which nothing was chosen yet."""
    yield from opened(browser, *runs_of(lab, lesson))


@pytest.fixture
def registry(page: Page) -> Page:
    """What *Model registry* shows, in a tab of its own: a click on it while the page of the runs still
    changes its address shows an error, of which README 03 says what to do.
    """
    tab = page.context.new_page()
    tab.goto("/")
    tab.get_by_role("link", name="Model registry").click()
    return tab


@pytest.fixture
def console(lab: Lab, lesson: Lesson, browser: Browser) -> Iterator[Page]:
    """MinIO's console, at the address that `lab demo` prints, with its root account logged in."""
    server = f"http://localhost:{lab.settings['MINIO_CONSOLE_PORT']}"
    for page in opened(browser, server, "/browser/mlflow"):
        page.locator("#accessKey").fill(settings()["MINIO_ROOT_USER"])
        page.locator("#secretKey").fill(settings()["MINIO_ROOT_PASSWORD"])
        page.get_by_role("button", name="Login").click()
        page.get_by_role("button", name="Acknowledge").click()
        # The console's page contains only as many rows as fit into the window.
        page.set_viewport_size({"width": 1280, "height": 3000})
        yield page


@pytest.fixture
def spark_master(lab: Lab, demo: Demo, lesson: Lesson, browser: Browser) -> Iterator[Page]:
    """The page of the cluster's master, after a worker was lost there within the last minutes and came back."""
    server = f"http://localhost:{lab.settings['SPARK_MASTER_UI_PORT']}"
    lab.start_profile("spark")

    def master() -> dict[str, Any]:
        with urllib.request.urlopen(f"{server}/json/", timeout=60) as answer:  # noqa: S310
            return json.load(answer)

    def states() -> list[str]:
        return [worker["state"] for worker in master()["workers"]]

    # The master forgets a worker some time after its death. Another test kills workers, too.
    ended = any(job["name"] == f"{lesson.name} lost_worker" for job in master()["completedapps"])
    if not (ended and "DEAD" in states()):
        # The test of the reference reads the output.
        [command] = [s.command for s in samples(lesson.reference) if "lost_worker" in s.command]
        ran = demo.typed(command)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    began = time.monotonic()
    # Docker starts the container again after a pause, and the page does not load itself again.
    while states().count("ALIVE") < 2:
        assert time.monotonic() < began + 120, states()
        time.sleep(1)
    yield from opened(browser, server, "/")


def runs_of(lab: Lab, lesson: Lesson) -> tuple[str, str]:
    """Return the address of MLflow's pages, and the path to the lesson's runs."""
    number = experiment_of(lab, lesson)
    server = f"http://localhost:{lab.settings['MLFLOW_PORT']}"
    return server, f"/#/experiments/{number}/runs?workflowType=machine_learning"


def opened(browser: Browser, server: str, path: str, chosen: str = "") -> Iterator[Page]:
    """Yield a page in a browser of its own, and close it; `chosen` is what that remembers, as a script."""
    context = browser.new_context(
        base_url=server,
        viewport={"width": 1280, "height": 800},
        locale="en-GB",
        timezone_id="UTC",
        # Or MLflow's pages would refuse the font that pictures are taken in.
        bypass_csp=True,
    )
    context.route(MLFLOW_REQUESTS, fetch)
    context.add_init_script(chosen)
    page = context.new_page()
    page.goto(path)
    yield page
    context.unroute_all(behavior="ignoreErrors")
    context.close()


def fetch(route: Route) -> None:
    """Have Playwright make a request of MLflow's pages.

    Chromium breaks off its own requests when a network interface comes or goes, as Docker's do with every stack
    that another test starts. Then MLflow's pages show only "Something went wrong".
    """
    # As Chromium does, make a request again whose connection the server was just closing.
    route.fulfill(response=route.fetch(max_retries=3))


@pytest.fixture
def picture(lesson: Lesson, pytestconfig: pytest.Config) -> Callable[..., None]:
    """A function that compares parts of a page with a picture in the lesson's folder.

    `make screenshots` has it take the picture again where they differ.
    """

    def picture(name: str, *parts: Locator, varies: Sequence[Locator] = ()) -> None:
        file = lesson.support / f"{name}.png"
        shown = f"(.lesson/{file.name})"
        assert shown in (lesson.folder / "README.md").read_text(), f"No README shows {shown}."
        for _ in range(TRIES):
            now = take(parts, varies)
            problem = why_out_of_date(file, now)
            if not problem:
                return
            # The page may have drawn itself anew in between, with ids and times in place of their "…".
            parts[0].page.wait_for_timeout(1000)
        if pytestconfig.getoption("screenshots"):
            write(now, file)
        else:
            name = file.relative_to(ROOT)
            pytest.fail(f"{name} is out of date: {problem}. Take it again: make screenshots")

    return picture
