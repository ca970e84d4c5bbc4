"""What README 05 has the learner look at in the browser."""

from playwright.sync_api import expect


def the_champion(page):
    """The registered model's page says which version the service answers by."""
    page.get_by_role("link", name="Model registry").click()
    page.get_by_role("link", name="iris_clf", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="@ champion")).to_be_visible()
