"""What the reference of lesson 06 has the learner look at in the browser."""

from playwright.sync_api import expect


def the_models(page):
    """The page Models lists the models of all frameworks, each with its registered model."""
    page.get_by_role("link", name="Models", exact=True).click()
    for name in ("iris_logistic", "iris_boosted"):
        registered = page.get_by_role("gridcell").locator(f"a[href*='/models/{name}/']")
        expect(registered.first).to_be_visible()
