"""The browser of the tests, apart from conftest.py, which is read in the trainer too, where there is none."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Error, sync_playwright


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
