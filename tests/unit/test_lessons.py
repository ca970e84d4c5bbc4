"""The form of a lesson."""

import pytest

from lab.errors import LabError
from lab.lessons import docstring, find, find_deeper, lab_root, lessons


@pytest.fixture
def root(tmp_path):
    for name in ("02_log", "10_late", "01_save"):
        (tmp_path / "tutorial" / name).mkdir(parents=True)
        (tmp_path / "tutorial" / name / "run.py").write_text('"""Says so."""\n')
    (tmp_path / "tutorial" / "notes").mkdir()
    (tmp_path / "examples" / "02_log").mkdir(parents=True)
    for name in ("b.py", "a.py"):
        script = tmp_path / "examples" / "02_log" / name
        script.write_text('"""Shows it.\n\nWhat to look at: that.\n"""\n')
    for name in ("service.py", "test_a.py"):
        (tmp_path / "examples" / "02_log" / name).write_text('"""Runs until told to stop."""\n')
    return tmp_path


def test_a_lesson_is_a_numbered_folder_with_a_run_py(root):
    assert [lesson.name for lesson in lessons(root)] == ["01_save", "02_log", "10_late"]


def test_a_lesson_s_scripts_are_its_run_py_and_then_the_examples_that_show_something(root):
    scripts = [str(path) for path in lessons(root)[1].scripts]
    assert scripts == ["tutorial/02_log/run.py", "examples/02_log/a.py", "examples/02_log/b.py"]


def test_a_lesson_may_name_the_compose_profile_that_it_needs(root):
    support = root / "tutorial" / "02_log" / ".lesson"
    support.mkdir()
    (support / "profile").write_text("flavors\n")
    assert [lesson.profile for lesson in lessons(root)] == [None, "flavors", None]


@pytest.mark.parametrize("wanted", ["2", "02", "02_log"])
def test_a_lesson_is_found_by_number_or_name(root, wanted):
    assert find(wanted, lessons(root)).name == "02_log"


def test_an_unknown_lesson_lists_those_that_exist(root):
    with pytest.raises(LabError, match=r"'4'.*01_save, 02_log, 10_late"):
        find("4", lessons(root))


def test_a_deeper_script_is_found_by_its_name_and_an_unknown_one_lists_those_that_exist(root):
    lesson = lessons(root)[0]
    with pytest.raises(LabError, match=r"no script 'pickle' in deeper/. It has: none"):
        find_deeper("pickle", lesson)
    script = lesson.folder / "deeper" / "pickle.py"
    script.parent.mkdir()
    script.write_text("")
    assert find_deeper("pickle", lesson) == find_deeper("pickle.py", lesson) == script
    with pytest.raises(LabError, match="It has: pickle"):
        find_deeper("skops", lesson)


def test_a_lesson_s_docstring_is_its_situation(root):
    script = lessons(root)[0].folder / "run.py"
    script.write_text(
        '"""\n# 01 Save\n\nA colleague\nasks.\n\n**You will be able to**\n\n- save\n"""\n'
    )
    assert docstring(script) == "A colleague\nasks."


def test_the_lab_is_found_from_below_and_by_its_setting(root, monkeypatch, tmp_path_factory):
    monkeypatch.delenv("LAB_ROOT", raising=False)
    monkeypatch.chdir(root / "tutorial" / "02_log")
    assert lab_root() == root
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    with pytest.raises(LabError, match="LAB_ROOT"):
        lab_root()
    monkeypatch.setenv("LAB_ROOT", str(root))
    assert lab_root() == root
