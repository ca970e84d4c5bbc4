"""What README 05 has the learner look at in the browser."""

from playwright.sync_api import expect


def the_champion(registry):
    """The registered model's page says which version the service answers by."""
    registry.get_by_role("link", name="iris_clf", exact=True).click()
    expect(registry.get_by_role("row").filter(has_text="@ champion")).to_be_visible()
