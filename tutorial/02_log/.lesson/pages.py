"""What lesson 02 tells the learner to look at in the browser."""

from playwright.sync_api import expect

# These values are different in each lab, for each learner and in each checkout.
_VARIES = ("Created by", "Experiment ID", "Source")


def the_link(first_visit):
    """A link with workflowType opens only its own page in that view, and the switch on that page changes nothing."""
    expect(first_visit.get_by_role("heading", name="Runs")).to_be_visible()
    expect(first_visit.get_by_role("link", name="AI Gateway")).to_be_hidden()
    first_visit.get_by_role("button", name="Model training").click()
    # In another tab, because the page of the runs changes its address for a while.
    other = first_visit.context.new_page()
    other.goto("/#/experiments")
    expect(other.get_by_role("link", name="AI Gateway")).to_be_visible()


def the_switch(first_visit):
    """The switch changes the view of all pages. The browser remembers it, and that the assistant was closed."""
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


def _best_run(page):
    """Open the newest run C=1.0, whose model the lesson registers."""
    page.locator("a[href*='/runs/']").get_by_text("C=1.0", exact=True).first.click()
    expect(page.get_by_role("tab", name="Overview")).to_be_visible()


def the_run(page, picture):
    """A run's page lists its metric, its parameters, the logged model and the registered model."""
    _best_run(page)
    run = page.get_by_role("main")
    parameters = ("Parameters (3)", "C", "test_size", "random_state")
    for text in ("Metrics (1)", "test_accuracy", *parameters):
        expect(run.get_by_text(text, exact=True)).to_be_visible()
    for name in ("model", "iris_log"):
        expect(run.get_by_role("link", name=name).first).to_be_visible()
    varies = [run.locator(f"[data-testid='key-value-{key}'] > *").last for key in _VARIES]
    picture("run", run, varies=varies)


def the_artifacts(page, picture):
    """The tab Artifacts lists the figure and shows it."""
    _best_run(page)
    page.get_by_role("tab", name="Artifacts").click()
    page.get_by_text("confusion_matrix.png").first.click()
    shown = page.get_by_role("img", name="confusion_matrix.png")
    expect(shown).to_be_visible()
    picture("artifacts", page.get_by_role("main"))


def the_models(page):
    """The page Models, on the left, lists the logged models of all runs."""
    page.get_by_role("link", name="Models", exact=True).click()
    models = page.get_by_role("main").get_by_role("link", name="model", exact=True)
    expect(models.nth(2)).to_be_visible()


def the_objects(page, console):
    """The artifact store has a folder for each experiment. Its folder models/ has each model's files."""
    _best_run(page)
    model = page.get_by_role("main").get_by_role("link", name="model", exact=True).first
    # …/experiments/NUMBER/models/ID
    number, models, model_id = model.get_attribute("href").split("/")[-3:]
    for folder in (number, models, model_id, "artifacts"):
        console.get_by_text(folder, exact=True).first.click()
    for name in ("MLmodel", "model.skops"):
        expect(console.get_by_text(name, exact=True)).to_be_visible()
