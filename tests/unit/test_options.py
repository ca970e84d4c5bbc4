"""The options --mode and --both-modes and the marker `quick` choose the tests that they say."""

import json

import pytest

from lab.lessons import lessons
from tests.support.labs import ROOT

FILES = (
    "tests/lessons/test_lessons.py",
    "tests/doctor/test_stack.py",
    "tests/stack/test_other_store.py",
    "tests/stack/test_faults.py",
)
LESSONS = lessons(ROOT)


class Collected:
    """A plugin that keeps what another pytest collected."""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep the tests' names, and the names of those that the stack runs."""
        self.names = {item.nodeid for item in session.items}
        self.of_stack = {item.nodeid for item in session.items if item.get_closest_marker("stack")}


def collect(*options: str) -> Collected:
    """Collect FILES as pytest does with these options."""
    collected = Collected()
    files = [str(ROOT / file) for file in FILES]
    quiet = ["--collect-only", "-p", "no:terminal", "--rootdir", str(ROOT)]
    status = pytest.main([*files, *quiet, *options], plugins=[collected])
    assert status == (0 if collected.names else pytest.ExitCode.NO_TESTS_COLLECTED)
    return collected


def test_the_modes_share_no_test_and_together_they_are_all():
    embedded, stack, both = collect("--mode=embedded"), collect("--mode=stack"), collect()
    assert embedded.names and not embedded.of_stack
    assert stack.names == stack.of_stack
    assert embedded.names | stack.names == both.names
    assert collect("--mode=embedded", "--mode=stack").names == both.names


def test_quick_tests_never_start_the_stack():
    assert collect("-m", "quick", "--mode=stack").names == set()
    quick = collect("-m", "quick")
    assert quick.names and not quick.of_stack


def test_beside_the_stack_the_embedded_mode_leaves_out_the_claims_of_lessons_in_a_profile():
    left_out = collect("--mode=embedded").names - collect("--mode=embedded", "--both-modes").names
    in_profile = [lesson.name for lesson in LESSONS if lesson.profile]
    assert in_profile and len(left_out) == len(in_profile)
    assert all(any(name in test for test in left_out) for name in in_profile)
    assert all("claims" in test for test in left_out)


def test_beside_the_stack_the_embedded_mode_s_process_runs_the_tests_with_stacks_of_their_own():
    beside = collect("--mode=embedded", "--both-modes")
    moved = {name.partition("::")[2] for name in beside.of_stack}
    assert "test_a_full_store_is_reported_and_works_again_once_there_is_room" in moved
    assert "test_the_lab_works_with_it_and_without_minio" in moved
    assert "test_a_server_that_crashes_comes_back_by_itself" not in moved
    left = collect("--mode=stack", "--both-modes")
    assert beside.of_stack | left.names == collect("--mode=stack").names
    assert not beside.of_stack & left.names


@pytest.mark.parametrize(
    ("options", "modes", "only_quick"),
    [
        ([], ["embedded", "stack"], False),
        (["-m", "quick"], ["embedded"], True),
        (["--mode=embedded"], ["embedded"], False),
        (["--mode=stack"], ["stack"], False),
        (["-k", "no_such_test"], [], True),
    ],
)
def test_the_choice_file_has_the_modes_and_whether_all_tests_are_quick(
    tmp_path, options, modes, only_quick
):
    file = tmp_path / "choice.json"
    collect(f"--choice-file={file}", *options)
    assert json.loads(file.read_text()) == {"modes": modes, "only_quick": only_quick}
