"""What each lesson's README has the learner look at in the browser is there: tutorial/NN_topic/.lesson/pages.py.

Every function of such a file looks at a page or two. It is given what it names: `page`, the page of
the lesson's runs, or `first_visit`, the same before anything was chosen; `registry`, the list of
registered models; `picture`, which compares a page with a picture of the README; `console`, MinIO's,
and `spark_master`, the cluster's, which only the stack has.
"""

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.labs import ROOT


def lesson_of(file: Path) -> str:
    """Return the name of the lesson that a pages.py belongs to."""
    return file.parents[1].name


def functions(file: Path) -> list[Callable[..., None]]:
    """Return the functions of a pages.py, but for those that begin with an underscore."""
    spec = importlib.util.spec_from_file_location(f"pages_of_{lesson_of(file)}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    public = [value for name, value in vars(module).items() if not name.startswith("_")]
    return [f for f in public if inspect.isfunction(f) and f.__module__ == module.__name__]


def wants(function: Callable[..., None]) -> list[str]:
    """Return the names of what a function is to be given."""
    return list(inspect.signature(function).parameters)


LOOKS = [
    (lesson_of(file), look)
    for file in sorted(ROOT.glob("tutorial/*/.lesson/pages.py"))
    for look in functions(file)
]
# What these fixtures give has only the stack.
STACK_PAGES = {"console", "spark_master"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test its functions; with --screenshots only those that compare a picture."""
    of_stack = metafunc.definition.get_closest_marker("stack") is not None
    screenshots = metafunc.config.getoption("screenshots")
    cases = [
        pytest.param(lesson, look, id=f"{lesson}-{look.__name__}")
        for lesson, look in LOOKS
        if bool(STACK_PAGES & set(wants(look))) == of_stack
        and ("picture" in wants(look) or not screenshots)
    ]
    metafunc.parametrize(("lesson", "look"), cases, indirect=["lesson"])


# MLflow's pages are the same in both modes, and the pictures are taken in this one.
@pytest.mark.parametrize("lab", ["embedded"], indirect=True)
def test_mlflow_s_page_shows_what_the_readme_says(lab, lesson, look, request):
    look(**{name: request.getfixturevalue(name) for name in wants(look)})


@pytest.mark.stack
@pytest.mark.parametrize("lab", ["stack"], indirect=True)
def test_the_pages_of_minio_and_spark_show_what_the_readme_says(lab, lesson, look, request):
    look(**{name: request.getfixturevalue(name) for name in wants(look)})
