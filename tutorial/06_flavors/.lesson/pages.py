"""What README 06 has the learner look at in the browser, of what the default trainer can make."""

from playwright.sync_api import expect

_MADE = ("iris_committee", "iris_sklearn", "iris_xgboost")


def the_models(page):
    """Models lists those of all frameworks, each with the registered model that it became."""
    page.get_by_role("link", name="Models", exact=True).click()
    for name in _MADE:
        became = page.get_by_role("gridcell").locator(f"a[href*='/models/{name}/']")
        expect(became.first).to_be_visible()


def the_tag(registry):
    """In the registry they bear the lesson's tag."""
    for name in _MADE:
        row = registry.get_by_role("row").filter(
            has=registry.get_by_role("link", name=name, exact=True)
        )
        expect(row.get_by_text("06_flavors")).to_be_visible()
