"""Each drill on disk fails without a repair and with each wrong repair, and passes with each right repair.

The embedded mode tries all repairs. The stack tries no repair and one right repair, because only the servers and the
store are different there.
"""

from contextlib import contextmanager

import pytest

from tests.support.drills import DRILLS, Learner, Repair, attempts, drill_command, repairs

each_drill = pytest.mark.parametrize("drill", DRILLS, ids=lambda drill: drill.name)


@contextmanager
def learner_in(lab):
    """Yield a learner who does one drill after another, and end the last drill."""
    yield Learner(lab)
    stopped = drill_command(lab, "stop")
    assert stopped.returncode == 0, stopped.stderr


@pytest.fixture(scope="module")
def learner(embedded_lab):
    with learner_in(embedded_lab) as learner:
        yield learner


@pytest.fixture(scope="module")
def learner_on_the_stack(stack_lab):
    with learner_in(stack_lab) as learner:
        yield learner


@pytest.mark.parametrize("repair", attempts(), ids=str)
def test_only_a_right_repair_passes_and_the_check_says_what_a_wrong_one_left(learner, repair):
    assert_judged(repair, learner)


@pytest.mark.stack
@each_drill
def test_a_drill_can_be_solved_on_the_stack(learner_on_the_stack, drill):
    assert_judged(Repair(drill), learner_on_the_stack)
    assert_judged(repairs("right", drill)[0], learner_on_the_stack)


def assert_judged(repair, learner):
    """Assert that the check accepts a right repair, and says what is still wrong after any other attempt."""
    checked = learner.attempt(repair)
    if repair.is_right:
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert checked.stdout.startswith(f"{repair.drill.name}: solved\nok  ")
        assert "This is how to find the cause" in checked.stdout
        return
    assert checked.returncode == 1, checked.stdout
    heading, *message, hint = checked.stdout.splitlines()
    assert heading == f"{repair.drill.name}: not yet"
    assert hint == "For a hint, type: lab drill hint"
    assert 0 < len(message) <= 4, checked.stdout
    assert "could not judge" not in checked.stdout
    if repair.words:
        assert repair.words in checked.stdout


@pytest.mark.quick
@each_drill
def test_a_drill_has_all_its_parts(drill):
    assert len(drill.hints) == 3
    assert drill.level in (1, 2, 3)
    assert f"models:/{drill.experiment}" in drill.symptom
    assert f"`{drill.experiment}`" in drill.symptom
    assert drill.found
    # A terminal of 80 columns must not wrap the lines of code.
    for file in (drill.folder / "symptom.md", drill.support / "found.md"):
        text = file.read_text(encoding="utf-8")
        assert max(len(line) for line in text.splitlines()) <= 80, file
    assert repairs("right", drill)
    wrong = [attempt.words for attempt in repairs("wrong", drill)]
    assert None not in wrong
    assert len(set(wrong)) == len(wrong) >= 2


@pytest.mark.quick
def test_no_drill_s_name_is_a_command_or_the_beginning_of_another_one():
    names = [drill.name for drill in DRILLS]
    assert len(names) >= 10
    assert not {"check", "explain", "hint", "list", "restart", "start", "stop"}.intersection(names)
    for name in names:
        # Everything whose name begins with drill_NAME_ is deleted with the drill NAME.
        assert not any(other.startswith(f"{name}_") for other in names)
