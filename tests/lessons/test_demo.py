"""make demo runs every script in order, says what to look at, and ends with addresses and the next commands."""

import re
from pathlib import Path

from lab.lessons import LOOK, docstring, find, lessons
from tests.support.labs import ROOT


def assert_ends_with_the_next_commands(printed: str) -> None:
    """Assert that the last lines say what to type next, after the addresses."""
    heading, shell, lab = printed.strip().splitlines()[-3:]
    assert heading == "Next: do the lessons yourself"
    assert (shell.split()[:2], lab.split()[0]) == (["make", "shell"], "lab")
    assert printed.index("Open in a browser") < printed.index(heading)


def test_demo_runs_every_script_in_order_and_says_what_to_look_at(demo):
    ran = demo.whole()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    expected = [(le.name, script.name) for le in lessons(ROOT) for script in le.scripts]
    # The headings, because a lesson may print commands too.
    shown = re.findall(r"^╭─ (\w+)  (\S+\.py) ─", ran.stdout, flags=re.MULTILINE)
    assert shown == expected
    # A lesson begins with a situation instead.
    examples = [
        script for le in lessons(ROOT) for script in le.scripts if LOOK in docstring(ROOT / script)
    ]
    assert ran.stdout.count(LOOK) == len(examples) >= 6
    assert re.findall(r"http://localhost:\d+/#/\w+\?workflowType=machine_learning", ran.stdout)
    assert_ends_with_the_next_commands(ran.stdout)


def test_demo_leaves_out_a_script_without_its_packages_and_names_the_command_that_installs_them(
    lab,
):
    # The trainer has neither PySpark nor Java. In the embedded mode, this test hides Java.
    alone = 'd=$(mktemp -d); ln -s "$(command -v lab)" $d/lab; '
    ran = lab.run("bash", "-c", f"{alone} JAVA_HOME= PATH=$d $d/lab demo --lesson 7")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "$ python tutorial/07_scale/run.py" in ran.stdout
    assert (
        "left out. To run it with all that it needs, type on your own machine: make lesson-07"
        in (ran.stdout)
    )
    assert "done in" not in ran.stdout
    assert ran.stderr.strip()


def test_demo_of_one_lesson(lab):
    ran = lab.run("lab", "demo", "--lesson", "2")
    assert ran.returncode == 0, ran.stderr
    shown = re.findall(r"^\$ python (.*)$", ran.stdout, flags=re.MULTILINE)
    assert {Path(script).parent.name for script in shown} == {"02_log"}
    assert_ends_with_the_next_commands(ran.stdout)


def test_demo_of_an_unknown_lesson_lists_the_lessons(lab):
    ran = lab.run("lab", "demo", "--lesson", "42")
    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False)
    assert "01_save" in ran.stderr


def test_demo_stops_at_a_script_that_fails_and_says_how_to_continue(lab):
    ran = lab.run("lab", "demo", "--from", "2", MLFLOW_TRACKING_URI="mlflow:5000")
    assert ran.returncode == 1
    assert "tutorial/02_log/run.py ended with exit status 1" in ran.stderr
    assert ran.stderr.strip().endswith("lab demo --from 2")


def test_the_only_pickle_in_the_lessons_is_the_own_model_of_lesson_06_which_its_page_explains(
    lab, demo
):
    for number in ("03", "06"):
        ran = demo.lesson(find(number, lessons(ROOT)), None)
        assert ran.returncode == 0, ran.stderr
    formats = lab.script("model_formats")
    assert "skops" in formats
    pickled = [line for line in formats.splitlines() if re.search("pickle'|[.]pkl", line)]
    assert pickled
    of_own_class = [
        line for line in pickled if "06_flavors/run.py" in line and "python_model" in line
    ]
    assert pickled == of_own_class
    page = find("06", lessons(ROOT)).page.read_text(encoding="utf-8")
    assert "stores such an object with cloudpickle" in page
