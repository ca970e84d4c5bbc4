"""make demo: everything in order, each under its own words, and the addresses at the end."""

import re
from pathlib import Path

from lab.lessons import lessons

ROOT = Path(__file__).resolve().parent.parent.parent


def test_demo_runs_every_script_in_order_under_what_to_look_at(lab):
    ran = lab.host("demo")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    expected = [(le.name, script.name) for le in lessons(ROOT) for script in le.scripts]
    # The headings: a lesson may print a command of its own.
    shown = re.findall(r"^╭─ (\w+)  (\S+\.py) ─", ran.stdout, flags=re.MULTILINE)
    assert shown == expected
    assert ran.stdout.count("What to look at:") == len(expected)
    assert re.findall(r"http://localhost:\d+/#/\w+\?workflowType=machine_learning", ran.stdout)


def test_demo_goes_on_after_a_script_that_lacks_something_and_names_what_brings_it(lab):
    # The trainer has neither PySpark nor Java; in the embedded mode Java is hidden.
    alone = 'd=$(mktemp -d); ln -s "$(command -v lab)" $d/lab; '
    ran = lab.run("bash", "-c", f"{alone} JAVA_HOME= PATH=$d $d/lab demo --lesson 7")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "$ python tutorial/07_scale/run.py" in ran.stdout
    assert "left out; on your own machine: make lesson-07" in ran.stdout
    assert "done in" not in ran.stdout
    assert ran.stderr.strip()


def test_demo_of_one_lesson_and_of_none(lab):
    one = lab.run("lab", "demo", "--lesson", "2")
    assert one.returncode == 0, one.stderr
    shown = re.findall(r"^\$ python (.*)$", one.stdout, flags=re.MULTILINE)
    assert {Path(script).parent.name for script in shown} == {"02_log"}
    none = lab.run("lab", "demo", "--lesson", "42")
    assert (none.returncode, "Traceback" in none.stderr) == (1, False)
    assert "01_save" in none.stderr


def test_demo_stops_at_a_step_that_fails_and_says_how_to_go_on(lab):
    ran = lab.run("lab", "demo", "--from", "2", MLFLOW_TRACKING_URI="mlflow:5000")
    assert ran.returncode == 1
    assert "tutorial/02_log/run.py ended with exit status 1" in ran.stderr
    assert ran.stderr.strip().endswith("lab demo --from 02")


FORMATS = """
import json, re, mlflow
from mlflow.models import get_model_info
client = mlflow.MlflowClient()
for experiment in mlflow.search_experiments(filter_string="name LIKE '0%'"):
    ids = [experiment.experiment_id]
    for model in mlflow.search_logged_models(experiment_ids=ids, output_format="list"):
        if re.search(r"(run|train_\\w+)[.]py$", model.tags.get("mlflow.source.name", "")):
            info = get_model_info(f"models:/{model.model_id}").flavors
            files = client.list_logged_model_artifacts(model.model_id)
            print(json.dumps([model.name, str(info), [file.path for file in files]]))
"""


def test_no_lesson_makes_a_pickle_and_so_none_loads_one(lab):
    for lesson in ("3", "6"):
        assert lab.run("lab", "run", lesson).returncode == 0
    ran = lab.run("python", "-c", FORMATS)
    assert ran.returncode == 0, ran.stderr
    assert "skops" in ran.stdout
    assert [line for line in ran.stdout.splitlines() if re.search("pickle'|[.]pkl", line)] == []
