"""Set up, check and delete the production of a drill. The learner's own work stays as it is."""

import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from lab import drill_services
from lab.drill import Drill
from lab.errors import LabError
from lab.progress import runner
from lab.verdict import Verdict, judge

SETUP_TIMEOUT_SECONDS = 180


def set_up(drill: Drill, console: Console) -> None:
    """Delete what an earlier start of the drill created, build its production, and break one thing.

    Raises LabError if a script of the drill fails.
    """
    drill_services.stop(drill, console)
    with console.status("Setting up a small production system …"):
        delete_created(drill)
        run(drill.setup, drill)
    drill_services.start(drill, console)
    if drill.breaking.exists():
        with console.status("The service runs. Now one thing breaks …"):
            run(drill.breaking, drill)


def run(script: Path, drill: Drill) -> None:
    """Run a script of the drill. If it fails, raises LabError with the last line that the script printed."""
    try:
        with runner() as run_script:
            ran = run_script(script.relative_to(drill.root), drill.root, SETUP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        problem = f"it took more than {SETUP_TIMEOUT_SECONDS} s"
    else:
        if ran.returncode == 0:
            return
        problem = (ran.stderr.strip() or f"exit status {ran.returncode}").splitlines()[-1]
    raise LabError(
        f"The drill {drill.name} could not be set up: {problem}\n`lab doctor` says whether something is wrong with "
        f"the lab. Then begin the drill again: lab drill {drill.name}"
    )


def check(drill: Drill, console: Console) -> Verdict:
    """Check whether the drill's production works again."""
    with console.status("Checking …"), runner() as run_script:
        return judge(drill.check, drill.root, "the drill", run=run_script)


def remove(drill: Drill, console: Console) -> None:
    """End the drill's servers, and delete what the drill created."""
    drill_services.stop(drill, console)
    with console.status("Deleting what the drill created …"):
        delete_created(drill)


def delete_created(drill: Drill) -> None:
    """Delete the drill's registered models, webhooks and files, and the content of its experiment."""
    import mlflow

    from lab import reset

    client = mlflow.MlflowClient()
    experiment = client.get_experiment_by_name(drill.experiment)
    # The learner may have deleted it. MLflow does not let anyone use the name of a deleted experiment again.
    if experiment and experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    for webhook in reset.all_pages(client.list_webhooks):
        if is_of(drill, webhook.name) or calls_service(drill, webhook.url):
            client.delete_webhook(webhook.webhook_id)
    leftovers = reset.find_below(drill.experiment)
    for model in reset.all_pages(client.search_registered_models):
        if is_of(drill, model.name) and model.name not in leftovers.registered_models:
            leftovers.registered_models.append(model.name)
    reset.remove(leftovers)


def calls_service(drill: Drill, url: str) -> bool:
    """Tell whether a webhook calls a service of the drill. Only the port counts, because a machine has many names."""
    return urlsplit(url).port in [service.host_and_port[1] for service in drill.services]


def is_of(drill: Drill, name: str) -> bool:
    """Tell whether a registered model or a webhook of this name belongs to the drill."""
    return name == drill.experiment or name.startswith(f"{drill.experiment}_")
