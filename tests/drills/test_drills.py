"""Of every drill on disk: doing nothing fails, wrong repairs are told apart, right ones pass."""

import pytest

from tests.support.drills import DRILLS, drill_command, repair, repairs, start

each_drill = pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left(lab):
    """End the last drill, with its servers."""
    yield
    stopped = drill_command(lab, "stop")
    assert stopped.returncode == 0, stopped.stderr


@each_drill
def test_doing_nothing_fails_with_a_short_message(lab, drill):
    start(lab, drill)
    checked = drill_command(lab, "check")
    assert checked.returncode == 1
    heading, *message, hint = checked.stdout.splitlines()
    assert heading == f"{drill.name}: not yet"
    assert hint == "For a hint, type: lab drill hint"
    assert 0 < len(message) <= 4, checked.stdout
    assert "could not judge" not in checked.stdout
    assert "Traceback" not in checked.stdout + checked.stderr


@pytest.mark.parametrize("attempt", repairs("wrong"), ids=str)
def test_a_wrong_repair_is_told_apart(lab, attempt):
    repair(lab, attempt)
    checked = drill_command(lab, "check")
    assert checked.returncode == 1, checked.stdout
    assert attempt.words in checked.stdout


@pytest.mark.parametrize("attempt", repairs("right"), ids=str)
def test_a_right_repair_passes(lab, attempt):
    repair(lab, attempt)
    checked = drill_command(lab, "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.startswith(f"{attempt.drill.name}: solved\nok  ")
    assert "This is how to find the cause" in checked.stdout


@pytest.mark.quick
@each_drill
def test_a_drill_has_all_its_parts(drill):
    assert len(drill.hints) == 3
    assert drill.level in (1, 2, 3)
    assert drill.experiment in drill.symptom + drill.title
    assert drill.found
    assert len(repairs("right", drill)) >= 2
    wrong = [attempt.words for attempt in repairs("wrong", drill)]
    assert len(set(wrong)) == len(wrong) >= 2


@pytest.mark.quick
def test_no_drill_s_name_is_a_command_or_the_beginning_of_another_one():
    names = [drill.name for drill in DRILLS]
    assert len(names) >= 2
    assert not {"check", "hint", "list", "restart", "start", "stop"}.intersection(names)
    for name in names:
        # Everything whose name begins with drill_NAME_ is deleted with the drill NAME.
        assert not any(other.startswith(f"{name}_") for other in names)
