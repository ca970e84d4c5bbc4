"""What the reference of lesson 06 has the learner look at in the browser, as far as the default trainer makes it."""

from playwright.sync_api import expect

_TAGGED = ("iris_sklearn", "iris_xgboost")


def the_models(page):
    """The page Models lists the models of all frameworks, each with its registered model."""
    page.get_by_role("link", name="Models", exact=True).click()
    for name in ("iris_logistic", "iris_boosted", *_TAGGED):
        registered = page.get_by_role("gridcell").locator(f"a[href*='/models/{name}/']")
        expect(registered.first).to_be_visible()


def the_tag(registry):
    """In the registry, the models of the four examples have the tag lesson."""
    for name in _TAGGED:
        row = registry.get_by_role("row").filter(
            has=registry.get_by_role("link", name=name, exact=True)
        )
        expect(row.get_by_text("06_flavors")).to_be_visible()
