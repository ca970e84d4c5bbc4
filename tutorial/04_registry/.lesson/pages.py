"""What the page of lesson 04 asks the learner to look at in the browser."""

from playwright.sync_api import expect


def the_gate(lab, page, picture):
    """The run of deeper/gate_picture.py has a picture of the three models beside the gate."""
    ran = lab.run("python", "tutorial/04_registry/deeper/gate_picture.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    page.reload()
    page.get_by_role("link", name="gate picture").first.click()
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("gate.png").first.click()
    expect(page.get_by_role("img", name="gate.png")).to_be_visible()
    picture("gate", page.get_by_role("main"))


def the_registered_model(registry, picture):
    """Each environment is a registered model, with the record as tags and the alias on one version."""
    for name in ("iris_dev", "iris_prod", "iris_qa"):
        expect(registry.get_by_role("link", name=name, exact=True)).to_be_visible()
    registry.get_by_role("link", name="iris_qa", exact=True).click()
    newest, before = (registry.get_by_role("row").nth(number) for number in (1, 2))
    for tag in ("author", "gate_run", "gate", "promoted_by", "promoted_from", "replaces"):
        expect(newest.get_by_text(f"{tag}:")).to_be_visible()
    expect(newest.get_by_text("champion")).to_be_visible()
    own = [registry.locator("[title=replaces] + *")]
    heading = registry.get_by_role("heading", name="iris_qa")
    # Postgres returns tags in any order, SQLite in the order of the picture.
    if _in_order(newest) and _in_order(before):
        picture("registered_model", heading, newest, before, varies=own)


def _in_order(row):
    """Tell whether the tags are in the order in which they were set."""
    tags = ("author", "promoted_by", "promoted_at", "promoted_from", "replaces")
    heights = [row.locator(f"[title={tag}]").first.bounding_box()["y"] for tag in tags]
    return heights == sorted(heights)
