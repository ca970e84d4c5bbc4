"""What the page of lesson 05 shows in the browser."""

from playwright.sync_api import expect


def the_champion(registry):
    """The page of the registered model shows the alias beside the version that the service uses."""
    registry.get_by_role("link", name="iris_served", exact=True).click()
    expect(registry.get_by_role("row").filter(has_text="@ champion")).to_be_visible()
