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

from tests.support.pictures import SCREENSHOTS
from tests.support.labs import ROOT


def lesson_of(file: Path) -> str:
    """Return the name of the lesson that a pages.py belongs to."""
    return file.parents[1].name


def functions(file: Path) -> list[Callable[..., None]]:
    """Return the functions of a pages.py, but for those that begin with an underscore."""
    spec = importlib.util.spec_from_file_location(f"pages_of_{lesson_of(file)}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [thing for name, thing in vars(module).items() if not name.startswith("_")]
    return [f for f in found if inspect.isfunction(f) and f.__module__ == module.__name__]


def wants(function: Callable[..., None]) -> list[str]:
    """Return the names of what a function is to be given."""
    return list(inspect.signature(function).parameters)


LOOKS = [
    pytest.param(lesson_of(file), look, id=f"{lesson_of(file)}-{look.__name__}")
    for file in sorted(ROOT.glob("tutorial/*/.lesson/pages.py"))
    for look in functions(file)
    if not SCREENSHOTS or "picture" in wants(look)
]
OF_THE_STACK = [look for look in LOOKS if {"console", "spark_master"} & set(wants(look.values[1]))]
OF_MLFLOW = [look for look in LOOKS if look not in OF_THE_STACK]


@pytest.mark.parametrize(("lesson", "look"), OF_MLFLOW, indirect=["lesson"])
def test_mlflow_s_page_shows_what_the_readme_says(lab, lesson, look, request):
    look(**{name: request.getfixturevalue(name) for name in wants(look)})


@pytest.mark.parametrize("lab", ["stack"], indirect=True)
@pytest.mark.parametrize(("lesson", "look"), OF_THE_STACK, indirect=["lesson"])
def test_the_pages_of_minio_and_spark_show_what_the_readme_says(lab, lesson, look, request):
    look(**{name: request.getfixturevalue(name) for name in wants(look)})
