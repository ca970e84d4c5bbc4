"""What the page of lesson 03 and its reference have the learner look at in the browser."""

import re

from playwright.sync_api import expect


def _newest_run(page):
    """Open the newest run of the lesson's story; the scripts in deeper/ name their runs differently."""
    page.get_by_role("link", name="for Ada", exact=True).first.click()
    expect(page.get_by_role("tab", name="Artifacts")).to_be_visible()


def the_version(page, picture):
    """The version's page has its stage and, under Schema, the signature."""
    _newest_run(page)
    page.get_by_role("main").get_by_role("link", name="iris_clf").first.click()
    version = page.get_by_role("main")
    expect(version.get_by_text("Production", exact=True)).to_be_visible()
    version.get_by_text("Inputs (4)").click()
    for column in (
        "sepal length (cm)",
        "sepal width (cm)",
        "petal length (cm)",
        "petal width (cm)",
    ):
        expect(version.get_by_text(column)).to_be_visible()
    expect(version.get_by_text("double")).to_have_count(4)
    alias = page.get_by_test_id("descriptions-item").filter(has_text="Aliases").locator("> *").last
    expect(alias).to_contain_text("champion")
    picture("version", version)


def the_alias(registry):
    """The registry lists aliases. It lists stages when its new pages are switched off."""
    expect(registry.get_by_role("columnheader", name="Aliased versions")).to_be_visible()
    registry.get_by_role("link", name="iris_clf", exact=True).click()
    versions = registry.get_by_role("row")
    expect(versions.filter(has_text="@ champion")).to_be_visible()
    expect(versions.filter(has_text="Production")).to_have_count(0)
    registry.get_by_role("switch").click()
    registry.get_by_role("button", name="Disable").click()
    expect(versions.filter(has_text="Production")).to_be_visible()


def the_click_that_came_too_soon(page):
    """A click on the registry from a page that is still loading shows an error, which has a remedy."""
    tab = page.context.new_page()
    # The address to which such a click leads.
    tab.goto("/#/models?orderByKey=attributes.start_time&orderByAsc=false")
    error = tab.get_by_text("Invalid order by key 'attributes.start_time' specified.")
    expect(error).to_be_visible()
    tab.get_by_role("link", name="MLflow", exact=True).click()
    # Otherwise this click, too, could come too soon.
    expect(tab).not_to_have_url(re.compile("orderByKey"))
    expect(error).to_be_hidden()
    tab.get_by_role("link", name="Model registry").click()
    expect(tab.get_by_role("link", name="iris_clf", exact=True)).to_be_visible()
    expect(error).to_be_hidden()


def the_evidence(page):
    """The run has the held-out rows with the predictions."""
    _newest_run(page)
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("evaluation", exact=True).click()
    page.get_by_text("heldout.csv", exact=True).click()
    expect(page.get_by_text("predicted").first).to_be_visible()
