"""What README 02 has the learner look at in the browser."""

from playwright.sync_api import expect

# Where each lab, learner and checkout has something else.
_OWN = ("Created by", "Experiment ID", "Source")


def the_link(first_visit):
    """The link opens its own page in the view that fits, and no other page, whatever one clicks there."""
    expect(first_visit.get_by_role("heading", name="Runs")).to_be_visible()
    expect(first_visit.get_by_role("link", name="AI Gateway")).to_be_hidden()
    first_visit.get_by_role("button", name="Model training").click()
    # In a tab of its own: the page of the runs goes on changing its address for a while.
    other = first_visit.context.new_page()
    other.goto("/#/experiments")
    expect(other.get_by_role("link", name="AI Gateway")).to_be_visible()


def the_switch(first_visit):
    """The switch changes the view of all pages, and is remembered, as is that the assistant was closed."""
    home = first_visit.context.new_page()
    home.goto("/")
    home.get_by_role("button", name="Model training").click()
    tab = first_visit.context.new_page()
    tab.goto("/#/experiments")
    tab.get_by_role("button", name="Close").click()
    tab.reload()
    tab.get_by_role("link", name="02_log", exact=True).click()
    expect(tab.get_by_role("heading", name="Runs")).to_be_visible()
    expect(tab.get_by_role("link", name="AI Gateway")).to_be_hidden()
    expect(tab.get_by_text("Ask questions about")).to_be_hidden()


def _newest_run(page):
    page.locator("a[href*='/runs/']").first.click()
    expect(page.get_by_role("tab", name="Overview")).to_be_visible()


def the_run(page, picture):
    """Parameters, metrics, data sets, and the registered version."""
    _newest_run(page)
    run = page.get_by_role("main")
    for text in (
        "Metrics (2)", "train_accuracy", "test_accuracy", "Parameters (3)", "C", "test_size", "random_state",
    ):  # fmt: skip
        expect(run.get_by_text(text, exact=True)).to_be_visible()
    expect(run.get_by_text("iris_train (ace696c0)")).to_be_visible()
    expect(run.get_by_role("link", name="iris_log").first).to_be_visible()
    own = [run.locator(f"[data-testid='key-value-{key}'] > *").last for key in _OWN]
    picture("run", run, varies=own)


def the_pictures(page, picture):
    """Artifacts has the two figures; the preview shows the confusion matrix."""
    _newest_run(page)
    page.get_by_role("tab", name="Artifacts").click()
    expect(page.get_by_text("calibration_curve.png")).to_be_visible()
    page.get_by_text("confusion_matrix.png").first.click()
    shown = page.get_by_role("img", name="confusion_matrix.png")
    expect(shown).to_be_visible()
    picture("artifacts", page.get_by_role("main"))


def the_models(page):
    """Models, on the left, has those without a run too."""
    page.get_by_role("link", name="Models", exact=True).click()
    for name in ("model", "infer_signature", "input_example", "neither", "older"):
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()


def the_objects(page, console):
    """The store has a folder for each experiment, and in its models/ what every model is made of."""
    _newest_run(page)
    model = page.get_by_role("main").get_by_role("link", name="model", exact=True).first
    # …/experiments/NUMBER/models/ID
    number, models, model_id = model.get_attribute("href").split("/")[-3:]
    for folder in (number, models, model_id, "artifacts"):
        console.get_by_text(folder, exact=True).first.click()
    for name in ("MLmodel", "model.skops"):
        expect(console.get_by_text(name, exact=True)).to_be_visible()
