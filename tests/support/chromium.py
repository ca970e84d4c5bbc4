"""The browser of the tests, apart from conftest.py, which is read in the trainer too, where there is none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Route, sync_playwright


# Not for the session: Playwright keeps an event loop running, and other tests start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where it is on the PATH, otherwise Playwright's own."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        except Error as error:
            pytest.fail(
                "No browser could be started. Install Chromium (Debian: apt install chromium), or "
                f"Playwright's own: .venv/bin/python -m playwright install chromium\n{error}"
            )
        yield browser
        browser.close()


@contextmanager
def new_context(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Open a context, as Playwright's own method does, in which starting and stopping stacks breaks off no request."""
    with browser.new_context(**options) as context:
        context.route("**/*", fetch)
        yield context
        context.unroute_all(behavior="ignoreErrors")


def fetch(route: Route) -> None:
    """Have Playwright make the browser's request.

    Chromium breaks off its own requests when a network interface comes or goes, as Docker's do with every stack.
    Only for pages without redirects and WebSockets: JupyterLab stays disconnected from its kernel.
    """
    # As Chromium does, make a request again whose connection the server was just closing.
    route.fulfill(response=route.fetch(max_retries=3))
