"""What README 04 has the learner look at in the browser."""

from playwright.sync_api import expect


def the_gate(page, picture):
    """The run that measured a candidate has a picture of all of them beside the gate."""
    page.get_by_role("link", name="gate challenger").first.click()
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("gate.png").first.click()
    expect(page.get_by_role("img", name="gate.png")).to_be_visible()
    picture("gate", page.get_by_role("main"))


def the_registered_model(registry, picture):
    """Each environment is a registered model, with the trail as tags and the alias on one version."""
    for name in ("iris_clf", "iris_clf_prod", "iris_clf_qa"):
        expect(registry.get_by_role("link", name=name, exact=True)).to_be_visible()
    registry.get_by_role("link", name="iris_clf_qa", exact=True).click()
    newest, before = (registry.get_by_role("row").nth(number) for number in (1, 2))
    for tag in ("candidate", "gate_run", "gate", "promoted_by", "replaces", "rolled_back"):
        expect(newest.get_by_text(f"{tag}:")).to_be_visible()
    expect(before.get_by_text("champion")).to_be_visible()
    own = [
        registry.locator(f"[title={tag}] + *") for tag in ("promoted_by", "replaces", "rolled_back")
    ]
    heading = registry.get_by_role("heading", name="iris_clf_qa")
    # Postgres gives tags in any order, SQLite in the picture's.
    if _in_order(newest) and _in_order(before):
        picture("registered_model", heading, newest, before, varies=own)


def _in_order(row):
    """Tell whether the tags stand as they were set."""
    tags = ("candidate", "gate_run", "promoted_by", "promoted_at", "promoted_from", "replaces")
    heights = [row.locator(f"[title={tag}]").first.bounding_box()["y"] for tag in tags]
    return heights == sorted(heights)
