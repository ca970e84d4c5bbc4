"""The commands `lab drill …`, at a terminal of 80 columns and without a terminal."""

import json
import re
import time
from pathlib import Path

import pytest

from tests.support.drills import DRILLS, drill_command
from tests.support.labs import ROOT, Lab, assert_one_message

# The lines of a screen on which a whole report is visible.
LINES = 60
# The first and the second drill that `lab drill` starts.
FIRST, SECOND = DRILLS[:2]


def at_a_terminal(lab: Lab, *words: str) -> tuple[int, str]:
    """Run `lab drill` at a terminal. Return the exit status and the content of the screen at the end."""
    terminal = lab.terminal("lab", "drill", *words, lines=LINES)
    status = terminal.end(seconds=120)
    return status, terminal.screen


def state_file(lab: Lab) -> Path:
    """Return the file in which the embedded mode stores the state of the drills."""
    return Path(lab.environment()["LAB_OUTPUT"], ".lab-drills.json")


@pytest.fixture(autouse=True)
def no_drill_is_solved_or_going_on(lab):
    """Begin and end without a drill."""

    def forget():
        assert drill_command(lab, "stop").returncode == 0
        code = "import os, pathlib; pathlib.Path(os.environ['LAB_OUTPUT'], '.lab-drills.json').unlink(missing_ok=True)"
        assert lab.run("python", "-c", code).returncode == 0

    forget()
    yield
    forget()


def solve(lab: Lab) -> None:
    """Repair the first drill."""
    script = next((FIRST.support / "repairs").glob("right_*.py"))
    ran = lab.warm(str(script.relative_to(ROOT)))
    assert ran.returncode == 0, ran.stderr


def test_from_the_first_report_to_the_next_drill(lab):
    status, screen = at_a_terminal(lab)
    assert status == 0, screen
    assert f"Drill {FIRST.name}: " in screen
    assert " ".join(FIRST.title.split()) in " ".join(screen.split())
    for command in ("check", "hint", "stop"):
        assert f"  lab drill {command} " in screen
    report = screen

    status, screen = at_a_terminal(lab, "check")
    assert status == 1
    assert f"{FIRST.name}: not yet" in screen
    assert "For a hint, type: lab drill hint" in screen

    # Without a name, the command prints the report again. It does not set up the drill again.
    began = json.loads(lab.run("sh", "-c", "cat $LAB_OUTPUT/.lab-drills.json").stdout)["began"]
    status, screen = at_a_terminal(lab)
    assert status == 0
    assert screen.strip() == report[report.index("Drill ") :].strip()
    again = json.loads(lab.run("sh", "-c", "cat $LAB_OUTPUT/.lab-drills.json").stdout)["began"]
    assert again == began

    solve(lab)
    status, screen = at_a_terminal(lab, "check")
    assert status == 0, screen
    assert f"{FIRST.name}: solved" in screen
    assert re.search(r"You needed \d+ (second|minute)s?\. This is how to find the cause:", screen)
    assert f"The next drill, {SECOND.name}: lab drill" in screen

    assert_one_message(drill_command(lab, "check"), f"You have solved {FIRST.name}.", "lab drill")

    started = drill_command(lab)
    assert started.returncode == 0, started.stderr
    assert started.stdout.startswith(f"Drill {SECOND.name}: ")


def test_the_list_shows_what_is_solved_and_what_is_going_on(lab):
    assert drill_command(lab, FIRST.name).returncode == 0
    solve(lab)
    assert drill_command(lab, "check").returncode == 0
    assert drill_command(lab, SECOND.name).returncode == 0
    status, screen = at_a_terminal(lab, "--list")
    assert status == 0
    listed = {name: line for line in screen.splitlines() for name in line.split()[:1]}
    assert {drill.name for drill in DRILLS} <= set(listed)
    assert re.search(r"\d+ seconds?", listed[FIRST.name])
    assert "going on" in listed[SECOND.name]
    assert "not yet" in listed[DRILLS[2].name]
    # The time is also listed after the drill has ended, and while the drill is going on again.
    ended = drill_command(lab, FIRST.name)
    assert ended.stdout.startswith(
        f"The drill {SECOND.name}, which was going on, has been ended.\n"
    )
    again = drill_command(lab, "--list").stdout
    assert re.search(rf"^{FIRST.name} .*seconds? \(going on again\)", again, re.M)


@pytest.mark.quick
def test_the_list_has_one_line_for_each_drill_at_80_columns(lab):
    status, screen = at_a_terminal(lab, "--list")
    assert status == 0
    assert "…" not in screen
    lines = screen.splitlines()
    for drill in DRILLS:
        [line] = [line for line in lines if line.split()[:1] == [drill.name]]
        assert line.rstrip().endswith(drill.title)


def test_explain_prints_the_cause_of_a_drill_that_is_solved_or_given_up(lab):
    assert_one_message(drill_command(lab, "explain"), "You have solved no drill yet")
    assert drill_command(lab, FIRST.name).returncode == 0
    for words in (["explain"], ["explain", FIRST.name]):
        refused = drill_command(lab, *words)
        assert_one_message(refused, "Solve it first, or give up with `lab drill stop`")
    assert_one_message(drill_command(lab, "explain", SECOND.name), f"not solved {SECOND.name}")
    solve(lab)
    solved = drill_command(lab, "check")
    explained = drill_command(lab, "explain")
    assert explained.returncode == 0, explained.stderr
    heading, _, cause = explained.stdout.partition("\n\n")
    assert heading == f"Drill {FIRST.name}: how to find the cause"
    assert cause in solved.stdout

    assert drill_command(lab, SECOND.name).returncode == 0
    given_up = drill_command(lab, "stop")
    assert f"lab drill explain {SECOND.name}" in given_up.stdout
    assert SECOND.name in drill_command(lab, "explain", SECOND.name).stdout
    # A drill that was given up does not count as solved.
    assert re.search(rf"^{SECOND.name} .*not yet", drill_command(lab, "--list").stdout, re.M)
    assert drill_command(lab, "explain", FIRST.name).stdout == explained.stdout


def test_the_hints_go_from_the_first_to_the_third(lab):
    assert drill_command(lab, FIRST.name).returncode == 0
    hints = [drill_command(lab, "hint", number).stdout for number in ("1", "2", "3")]
    assert len(set(hints)) == 3
    assert drill_command(lab, "hint").stdout == hints[0]
    assert "lab drill hint 2" in hints[0]
    wrong = drill_command(lab, "hint", "4")
    assert wrong.returncode == 2
    assert "Invalid value for 'NUMBER'" in wrong.stderr


def test_without_a_drill_the_commands_say_how_to_start_one(lab):
    for command in ("check", "hint", "restart"):
        assert_one_message(drill_command(lab, command), "No drill is going on", "lab drill")
    assert "nothing to stop" in drill_command(lab, "stop").stdout


@pytest.mark.quick
def test_the_message_about_an_unknown_drill_lists_all_drills(lab):
    unknown = drill_command(lab, "quux")
    assert_one_message(unknown, "'quux'", *(drill.name for drill in DRILLS))
    assert "Did you mean" not in unknown.stderr


@pytest.mark.quick
def test_a_typing_error_gets_the_nearest_command_or_drill(lab):
    assert_one_message(drill_command(lab, "chek"), "Did you mean `lab drill check`?")
    assert_one_message(
        drill_command(lab, "more_mistaks"), "Did you mean `lab drill more_mistakes`?"
    )


def counts(lab: Lab) -> tuple[dict, dict]:
    """Return the counts in each experiment and registered model, first for everything else, then for drills."""
    found = json.loads(lab.script("counts"))
    others = {name: count for name, count in found.items() if not name.startswith("drill_")}
    return others, {name: count for name, count in found.items() if name not in others}


def test_a_drill_touches_nothing_else_and_stop_removes_everything(lab):
    before, _ = counts(lab)
    assert drill_command(lab, FIRST.name).returncode == 0
    others, drills = counts(lab)
    assert others == before
    assert set(drills) >= {FIRST.experiment}
    assert drill_command(lab, "stop").returncode == 0
    others, drills = counts(lab)
    assert others == before
    # An empty experiment stays, because MLflow does not let anyone use the name of a deleted experiment again.
    assert all(count == [0, 0] for count in drills.values()), drills


@pytest.mark.quick
def test_a_state_file_that_cannot_be_read_counts_as_an_empty_state(embedded_lab):
    file = state_file(embedded_lab)
    for content in ("", "[]", '{"name": 3}', '{"solved": {"a": "b"}}'):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        listed = drill_command(embedded_lab, "--list")
        assert listed.returncode == 0, listed.stderr
        assert "going on" not in listed.stdout


def processes_of_the_service(lab: Lab) -> list[bytes]:
    """Return the command lines of the processes that use the port of a drill's service."""
    port = lab.environment()["LAB_DRILL_SERVICE"].rpartition(":")[2].encode()
    commands = [path.read_bytes().split(b"\0") for path in Path("/proc").glob("[1-9]*/cmdline")]
    return [command for command in commands if b"--port" in command and port in command]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="the test looks for processes in /proc")
def test_the_service_of_a_drill_ends_with_the_lab_and_with_the_drill(embedded_lab):
    drill = next(drill for drill in DRILLS if drill.name == "slow_switch")
    assert drill_command(embedded_lab, drill.name).returncode == 0
    assert processes_of_the_service(embedded_lab)
    # `make down` also only deletes this file.
    folder = Path(embedded_lab.environment()["LAB_OUTPUT"], drill.experiment, "services")
    (folder / "running").unlink()
    deadline = time.monotonic() + 60
    while processes_of_the_service(embedded_lab) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes_of_the_service(embedded_lab)
    assert drill_command(embedded_lab, "restart").returncode == 0
    assert processes_of_the_service(embedded_lab)
    assert drill_command(embedded_lab, "stop").returncode == 0
    assert not processes_of_the_service(embedded_lab)


def test_trace_shows_that_a_copy_of_a_version_has_the_same_files(lab):
    assert drill_command(lab, "changed_answers").returncode == 0
    files = []
    for number in ("2", "3"):
        traced = lab.warm("-m", "lab", "trace", f"models:/drill_changed_answers/{number}")
        assert traced.returncode == 0, traced.stderr
        files.append(re.findall(r"md5 (\w+)  (\S+)", traced.stdout))
    assert files[0] == files[1]
    assert any(key.endswith("/model.skops") for _, key in files[0])


def test_nothing_on_the_server_names_the_hidden_folder_of_a_drill(lab):
    assert drill_command(lab, "one_species").returncode == 0
    tags = lab.script("all_tags", "drill_one_species")
    assert "jobs/train.py" in tags
    assert ".drill" not in tags
