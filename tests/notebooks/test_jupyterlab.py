"""JupyterLab as make notebook starts it, in a real browser: a lesson runs there, and strangers are refused."""

import json
import re
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from websocket import WebSocket, create_connection

from tests.support.checkout import copy_of_checkout
from tests.support.labs import ROOT, Lab, assert_one_message, free_ports

LESSON = "tutorial/01_save/run.py"


@pytest.fixture(scope="module")
def address(lab) -> str:
    """What make notebook prints, once JupyterLab runs."""
    ran = lab.host("notebook")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.split()[-1]


def run_all(page: Page) -> None:
    """Run all cells, and once more if none of them ran.

    A browser drops its connections when a network interface comes or goes, as Docker's do whenever another test
    starts a stack. Then JupyterLab forgets the cells that it has sent.
    """
    for attempt in (1, 2):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            first = page.locator(".jp-CodeCell .jp-InputPrompt").first
            expect(first).to_have_text("[1]:", timeout=60_000)
        except AssertionError:
            if attempt == 2:
                raise
        else:
            return


def test_a_lesson_opens_as_a_notebook_and_runs(address, browser: Browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    url = urlsplit(address)
    page.goto(url._replace(path=f"/lab/tree/{LESSON}").geturl())
    # Its first cell is text, not code.
    title = page.locator(".jp-Notebook .jp-MarkdownOutput").first
    expect(title).to_contain_text("Save a model to a folder", timeout=60_000)
    expect(page.get_by_role("button", name="Python of the lab", exact=True)).to_be_visible()
    # A learner sees this, too. JupyterLab forgets cells that are run before its connection to the kernel is ready.
    expect(page.get_by_text("Python of the lab | Idle")).to_be_visible(timeout=60_000)
    run_all(page)
    last = page.locator(".jp-Notebook .jp-OutputArea-output").last
    expect(last).to_contain_text("types that skops does not know", timeout=120_000)
    page.close()


def test_a_terminal_of_jupyterlab_is_the_lab_s_shell(address):
    """Its program lab redraws a screen there, too."""
    url = urlsplit(address)
    api = url._replace(path="/api/terminals").geturl()
    with urllib.request.urlopen(urllib.request.Request(api, method="POST")) as answer:  # noqa: S310
        name = json.load(answer)["name"]
    page = url._replace(scheme="ws", path=f"/terminals/websocket/{name}").geturl()
    socket = create_connection(page, timeout=60)
    try:
        printed_until(socket, "To see the lessons and what to do next, type: lab")
        socket.send(json.dumps(["stdin", "lab watch 3\r"]))
        printed_until(socket, "r run again")
        socket.send(json.dumps(["stdin", "q"]))
        printed_until(socket, "To watch this exercise again")
    finally:
        socket.close()


def printed_until(socket: WebSocket, text: str) -> None:
    """Read what a terminal of JupyterLab prints, until it has printed a text."""
    printed = ""
    while text not in printed:
        kind, *content = json.loads(socket.recv())
        printed += content[0] if kind == "stdout" else ""


def test_page_without_the_token_is_a_login_form(address, browser: Browser):
    page = browser.new_page()
    page.goto(urlsplit(address)._replace(query="").geturl())
    expect(page.get_by_label(re.compile("token", re.IGNORECASE)).first).to_be_visible()
    assert "/login" in page.url
    page.get_by_role("textbox").first.fill("not-the-token")
    page.get_by_role("button", name="Log in").first.click()
    expect(page.get_by_text("Invalid credentials")).to_be_visible()
    page.close()


def status(url: str, **headers: str) -> int:
    """Return the status that a request without a browser gets."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:  # noqa: S310
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_api_requires_the_token_and_its_own_host_name(address):
    api = urlsplit(address)._replace(path="/api/contents/tutorial").geturl()
    assert status(api) == 200
    assert status(api.partition("?")[0]) == 403
    assert status(api[:-1] + "~") == 403
    assert status(api, Host="lab.example:8888") == 403


def test_make_notebook_again_gives_the_same_address(lab, address):
    again = lab.host("notebook")
    assert (again.returncode, again.stdout.split()[-1]) == (0, address)


def assert_notebook_refused(lab: Lab, *words: str, **settings: str) -> None:
    """Assert that make notebook ends with these words and no traceback."""
    ran = lab.host("notebook", **settings)
    assert ran.returncode == 1
    assert_one_message(ran, *words)


def test_make_notebook_refuses_a_token_that_is_easy_to_guess(lab, address):
    example = "change-me-jupyter"
    assert example in (ROOT / ".env.example").read_text()
    assert_notebook_refused(
        lab, "JUPYTER_TOKEN in .env is still the example's", JUPYTER_TOKEN=example
    )
    assert_notebook_refused(lab, "JUPYTER_TOKEN in .env has 5 characters", JUPYTER_TOKEN="12345")


def test_a_port_in_use_is_reported_with_its_setting(lab, address):
    taken = lab.settings["MLFLOW_PORT"]
    assert_notebook_refused(lab, taken, "JUPYTER_PORT", JUPYTER_PORT=taken)


def test_notebooks_follow_a_change_of_mlflow_s_port(embedded_lab):
    old, [new] = embedded_lab.settings["MLFLOW_PORT"], free_ports(1)
    assert embedded_lab.host("notebook").returncode == 0
    moved = embedded_lab.host("notebook", MLFLOW_PORT=new)
    try:
        assert "MLFLOW_PORT has changed" in moved.stdout
        pid = (Path(embedded_lab.settings["LAB_STATE"]) / "notebook.pid").read_text()
        environment = Path(f"/proc/{pid}/environ").read_text().split("\0")
        assert f"MLFLOW_TRACKING_URI=http://127.0.0.1:{new}" in environment
    finally:
        embedded_lab.host("down", MLFLOW_PORT=new)
        assert embedded_lab.host("notebook", MLFLOW_PORT=old).returncode == 0


def test_packages_that_cannot_be_installed_are_reported(embedded_lab, tmp_path):
    copy_of_checkout(tmp_path)
    fresh = Lab(
        "embedded", embedded_lab.settings | {"LAB_STATE": str(tmp_path / "state")}, tmp_path
    )
    ports = dict(zip(("MLFLOW_PORT", "JUPYTER_PORT"), free_ports(2), strict=True))
    # As on a machine without a network.
    assert_notebook_refused(
        fresh, "packages could not be installed", "package index", PIP_NO_INDEX="1", **ports
    )


def test_jupyterlab_itself_refuses_a_weak_token(lab):
    """However it was started: an empty one would open it to everybody."""
    code = "import runpy; runpy.run_path('trainer/jupyter/jupyter_server_config.py')"
    for token in ("", "short", "change-me-jupyter"):
        ran = lab.run("python", "-c", code, profile="notebook", JUPYTER_TOKEN=token)
        assert ran.returncode == 1
        assert ran.stderr.startswith("JUPYTER_TOKEN in .env is missing, too short or the example's")
