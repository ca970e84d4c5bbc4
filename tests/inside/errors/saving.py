"""Saving or logging a model."""

from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from tests.inside.small_models import X, log, save, y


def folder_not_empty() -> None:
    """Save twice to the same folder."""
    save()
    save()


def untrusted_types() -> None:
    """Save a decision tree."""
    save(DecisionTreeClassifier(max_depth=1).fit(X, y))


def function_not_at_top_level() -> None:
    """Save a model that contains a lambda."""
    trusted = [f"{__name__}.<lambda>"]
    save(FunctionTransformer(lambda x: x), skops_trusted_types=trusted)


def code_path_not_found() -> None:
    """Give a relative path in another folder."""
    save(code_paths=["petal_features.py"])


def code_paths_not_a_list() -> None:
    """Give one path without a list around it."""
    save(code_paths="petal_features.py")


def packages_given_twice() -> None:
    """Give two lists of packages."""
    save(pip_requirements=["scikit-learn"], extra_pip_requirements=["pandas"])


def name_given_twice() -> None:
    """Give the old argument for the name and the new one."""
    log("errors_saving", artifact_path="model")


def name_with_slash() -> None:
    """Give a path as the model's name."""
    log("errors_saving", name="models/iris")
