"""The lab command, in a lab of each mode."""

import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from lab.lessons import find, lessons
from tests.support.containers import psql
from tests.support.labs import ROOT, Lab, assert_one_message, stored


def counts(lab: Lab) -> dict[str, int | list[int]]:
    """Return how many runs and models each experiment has, and how many versions each registered model."""
    return json.loads(lab.script("counts"))


def stored_bytes(lab: Lab, prefix: str = "") -> int:
    """Return how many bytes the artifact store contains below `prefix`."""
    return sum(size for size, _ in stored(lab, prefix).values())


def assert_refused(ran: subprocess.CompletedProcess[str], *words: str) -> None:
    """Assert that a command of `lab` ended with status 1 and one message with all of these words."""
    assert ran.returncode == 1
    assert_one_message(ran, *words)


@pytest.fixture(scope="module")
def lab_with_runs(lab, demo):
    """A lab in which lesson 02 has run and then lesson 03, so the champion is a model of lesson 03."""
    ran = demo.lesson(find("02", lessons(ROOT)), None)
    assert ran.returncode == 0, ran.stderr
    ran = lab.run("lab", "run", "03_models_pyfunc")
    assert ran.returncode == 0, ran.stderr
    return lab


def test_run_with_a_name_runs_a_script_of_the_lesson_s_folder_deeper(lab):
    ran = lab.run("lab", "run", "1", "no_overwrite")
    assert ran.returncode == 0, ran.stderr
    assert "second save: Path '" in ran.stdout


def test_lab_shows_every_lesson_and_the_next_thing_to_do(lab_with_runs):
    ran = lab_with_runs.run("lab")
    assert ran.returncode == 0, ran.stderr
    not_passed = re.findall(r"^(\d\d_\w+) +not yet", ran.stdout, flags=re.MULTILINE)
    assert not_passed == [lesson.name for lesson in lessons(ROOT)]
    assert re.search(r"^Next: lesson 0, \w+", ran.stdout, flags=re.MULTILINE)
    for step in ("tutorial/00_start/README.md", "lab run 0", "tutorial/00_start/exercise.py"):
        assert step in ran.stdout
    assert "lab check 0" in ran.stdout
    assert "/#/experiments?workflowType=machine_learning" in ran.stdout
    assert re.search(r"open http://localhost:\d+ and choose Model training", ran.stdout)


@pytest.mark.quick
@pytest.mark.parametrize("word", ["3", "03", "03_models_pyfunc", "tutorial/03_models_pyfunc/"])
def test_a_lesson_s_number_or_folder_alone_shows_where_you_stand_in_it(lab, word):
    ran = lab.run("lab", word)
    assert ran.returncode == 0, ran.stderr
    first, *steps = ran.stdout.splitlines()
    assert re.fullmatch(r"03_models_pyfunc  .+: not yet", first)
    for step, text in [
        ("1. Read the page", "tutorial/03_models_pyfunc/README.md"),
        ("2. Run its script", "lab run 3"),
        ("3. Edit the exercise", "tutorial/03_models_pyfunc/exercise.py"),
        ("4. Run the exercise", "python tutorial/03_models_pyfunc/exercise.py"),
        ("5. Check it", "lab check 3"),
    ]:
        assert any(re.fullmatch(rf"  {step} +{text}", line) for line in steps), ran.stdout
    assert "The check says: There is no version of iris_mine." in ran.stdout
    assert {"     lab run 3 contract", "     lab predict 3"} <= set(steps)


@pytest.mark.quick
def test_without_a_number_the_first_lesson_that_has_not_passed_is_meant(lab):
    ran = lab.run("lab", "hint")
    assert ran.returncode == 0, ran.stderr
    title, hint = ran.stdout.split("\n", 1)
    assert title.startswith("Lesson 0, ")
    assert hint == lab.run("lab", "hint", "0").stdout


@pytest.mark.quick
def test_help_as_a_word_is_help_as_an_option(lab):
    assert lab.run("lab", "help").stdout == lab.run("lab", "--help").stdout
    assert lab.run("lab", "help", "hint").stdout == lab.run("lab", "hint", "--help").stdout
    assert "Without a command, `lab` lists every lesson" in lab.run("lab", "help").stdout


@pytest.mark.quick
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["hnt"], "'hnt'. Did you mean `lab hint`? `lab help` lists the commands."),
        (["help", "chek"], "'chek'. Did you mean `lab check`? `lab help` lists the commands."),
        (["quux"], "'quux'. `lab help` lists the commands."),
    ],
)
def test_a_command_that_does_not_exist_gets_the_nearest_one(lab, words, message):
    ran = lab.run("lab", *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == f"`lab` has no command {message}\n"


@pytest.mark.quick
@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["hint"], ["solution"], ["reset"]])
def test_the_message_about_an_unknown_lesson_lists_all_lessons(lab, command):
    assert_refused(lab.run("lab", *command, "42"), "'42'", "01_save, 02_log, 03_models_pyfunc")


@pytest.mark.quick
def test_hints_go_from_the_first_to_the_third(lab):
    hints = [lab.run("lab", "hint", "3", grade).stdout for grade in ("1", "2", "3")]
    assert len(set(hints)) == 3
    assert "lab hint 3 2" in hints[0]
    assert lab.run("lab", "hint", "3").stdout == hints[0]


@pytest.mark.quick
def test_the_solution_is_shown_after_the_exercise_has_passed_or_with_the_option_spoil(lab):
    assert_refused(lab.run("lab", "solution", "1"), "not passed yet", "--spoil")
    spoiled = lab.run("lab", "solution", "1", "--spoil")
    assert spoiled.returncode == 0
    assert "--- tutorial/01_save/exercise.py" in spoiled.stdout
    assert "+++ tutorial/01_save/.lesson/solution.py" in spoiled.stdout


def test_check_without_a_number_checks_all(lab):
    ran = lab.run("lab", "check")
    assert ran.returncode == 1
    checked = re.findall(r"^(\d\d_\w+): (?:not yet|passed)$", ran.stdout, flags=re.MULTILINE)
    assert checked == [lesson.name for lesson in lessons(ROOT)]


# Run inside the lab: give every remembered verdict another text.
MARK = """
import json, os, pathlib
file = pathlib.Path(os.environ["LAB_OUTPUT"], ".lab-verdicts.json")
content = json.loads(file.read_text())
for verdict in content["verdicts"].values():
    verdict["text"] = "remembered"
file.write_text(json.dumps(content))
"""


@pytest.fixture
def lab_alone(lab: Lab) -> Iterator[Lab]:
    """A lab whose database does not change by itself: Postgres cleans tables up in transactions of its own."""
    if lab.mode == "embedded":
        yield lab
        return
    at_work = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'"
    set_autovacuum(lab, "SET autovacuum = off")
    try:
        while psql(lab, at_work) != "0":
            time.sleep(0.5)
        yield lab
    finally:
        set_autovacuum(lab, "RESET autovacuum")


def set_autovacuum(lab: Lab, change: str) -> None:
    """Change the setting of Postgres, and let it read the setting."""
    psql(lab, f"ALTER SYSTEM {change}")
    psql(lab, "SELECT pg_reload_conf()")


def test_lab_checks_nothing_again_until_something_changes(lab_alone):
    lab = lab_alone

    def remembered() -> list[str]:
        """Return the lessons whose verdict `lab check` has not found anew."""
        printed = lab.run("lab", "check").stdout
        return re.findall(r"^(\d\d_\w+): .*\nremembered$", printed, flags=re.MULTILINE)

    # Nothing is remembered of what changed a moment ago.
    time.sleep(2)
    assert remembered() == []
    marked = lab.run("python", "-c", MARK)
    assert marked.returncode == 0, marked.stderr
    ran = lab.run("python", "-X", "importtime", "-m", "lab")
    assert "The check says: remembered" in ran.stdout
    assert not re.search(r"\| +(mlflow|sqlalchemy|boto3|pandas)$", ran.stderr, flags=re.MULTILINE)
    assert remembered() == [lesson.name for lesson in lessons(ROOT)]
    # To check one lesson always means to run its check.
    assert "There is no version of iris_start_mine." in lab.run("lab", "check", "0").stdout
    assert remembered() == [lesson.name for lesson in lessons(ROOT)[1:]]
    create = "import mlflow; mlflow.MlflowClient().create_registered_model('iris_remembered')"
    assert lab.run("python", "-c", create).returncode == 0
    assert remembered() == []


def test_each_change_of_what_a_verdict_depends_on_changes_the_fingerprint(lab_alone):
    seen = json.loads(lab_alone.script("fingerprints"))
    unknown = ["no mode", "another server", "another store", "another database"]
    assert [seen.pop(name) for name in unknown] == [None] * 4
    assert not seen.pop("nothing")
    assert len(seen) == 17
    assert [name for name, is_changed in seen.items() if not is_changed] == []


def test_trace_counts_the_bytes_that_the_store_has(lab_with_runs):
    ran = lab_with_runs.warm("-m", "lab", "trace", "models:/iris_clf@champion")
    assert ran.returncode == 0, ran.stderr
    location = re.search(r"is stored at mlflow-artifacts:/(\S+)", ran.stdout)[1]
    total, count = map(int, re.search(r"(\d+) bytes in (\d+) objects", ran.stdout).groups())
    assert count >= 5
    assert total == stored_bytes(lab_with_runs, location)
    for part in (
        "alias champion of iris_clf is version",
        "logged_models:",
        "flavors: python_function, sklearn",
    ):
        assert part in ran.stdout


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("iris_clf", "is not the address of a model"),
        ("models:/iris_clf/99", "These models are registered: "),
        ("models:/iris_clf/Staging", "no version in such a stage"),
        ("models:/iris_clf@nobody", "alias nobody not found"),
        ("models:/nothing/1", "not found"),
        ("models:/m-00", "not found"),
        ("runs:/00/model", "not found"),
    ],
)
def test_trace_of_an_address_that_leads_nowhere_ends_in_one_message(lab_with_runs, uri, words):
    assert_refused(lab_with_runs.warm("-m", "lab", "trace", uri), words)


def test_lineage_of_an_address_that_leads_nowhere_ends_in_one_message(lab_with_runs):
    ran = lab_with_runs.warm("-m", "lab", "lineage", "models:/iris_clf/99")
    assert_refused(ran, "These models are registered: ")


def test_lineage_shows_who_when_data_code_packages_and_how_to_reproduce(lab_with_runs):
    ran = lab_with_runs.warm("-m", "lab", "lineage", "models:/iris_clf@champion")
    assert ran.returncode == 0, ran.stderr
    labels = {line.split()[0] for line in ran.stdout.splitlines()}
    assert {
        "who",
        "when",
        "data",
        "code",
        "parameters",
        "metrics",
        "package",
        "registered",
        "tags",
    } <= labels
    assert re.search(
        r"^code +commit [0-9a-f]{40}, (?:without uncommitted|with changes that were not committed)",
        ran.stdout,
        re.MULTILINE,
    )
    assert re.search(r"^data .*iris_heldout [0-9a-f]{8} \(heldout\)", ran.stdout, re.MULTILINE)
    [version] = re.findall(r"^tags +of version (\d+): ", ran.stdout, re.MULTILINE)
    assert f"iris_clf version {version} " in ran.stdout
    command = re.search(r"^reproduce +(.*)$", ran.stdout, re.MULTILINE)[1]
    again = lab_with_runs.run("bash", "-c", command)
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "Reproduced: nothing differs.")


def test_reset_deletes_what_one_lesson_created_and_nothing_else(lab_with_runs):
    before = counts(lab_with_runs)
    refused = lab_with_runs.run("bash", "-c", "echo n | lab reset 02")
    assert refused.returncode == 1
    assert counts(lab_with_runs) == before
    assert before["02_log"][0] > 0
    experiment = "import mlflow; print(mlflow.get_experiment_by_name('02_log').experiment_id)"
    found = lab_with_runs.run("python", "-c", experiment)
    assert found.returncode == 0, found.stderr
    folder = f"{found.stdout.strip()}/"
    others = stored_bytes(lab_with_runs) - stored_bytes(lab_with_runs, folder)

    # A lesson's files and its exercise's.
    folders = "$LAB_OUTPUT/02_log $LAB_OUTPUT/02_log_exercise"
    lab_with_runs.run("bash", "-c", f"mkdir -p {folders}")

    ran = lab_with_runs.warm("-m", "lab", "reset", "02", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert lab_with_runs.run("bash", "-c", f"ls -d {folders}").stdout == ""
    after = counts(lab_with_runs)
    assert after["02_log"] == [0, 0]
    assert "iris_log" not in after
    assert {k: v for k, v in after.items() if k != "02_log"} == {
        k: v for k, v in before.items() if k not in ("02_log", "iris_log")
    }
    assert stored_bytes(lab_with_runs, folder) == 0
    assert stored_bytes(lab_with_runs) == others
    assert (
        "There is nothing to delete: 02_log has created nothing."
        in lab_with_runs.warm("-m", "lab", "reset", "02", "--yes").stdout
    )
    again = lab_with_runs.run("lab", "run", "2")
    assert again.returncode == 0, again.stderr


@pytest.mark.quick
def test_the_error_of_an_exercise_shows_only_the_learner_s_own_lines(lab):
    lines = r"import mlflow\nmlflow.load_table(1, 2)\n"
    script = f"cd $(mktemp -d) && printf '{lines}' > exercise.py"
    ran = lab.run("bash", "-c", f"{script} && python exercise.py")
    assert ran.returncode == 1
    assert ran.stderr.startswith("exercise.py, line 2: mlflow.load_table(1, 2)\n")
    assert "site-packages" not in ran.stderr


@pytest.mark.parametrize("command", [[], ["trace", "models:/a/1"]])
def test_a_stopped_server_is_explained(lab, command):
    assert_refused(
        lab.warm("-m", "lab", *command, MLFLOW_TRACKING_URI="http://127.0.0.1:9"),
        "MLFLOW_TRACKING_URI",
    )
