"""Registering and promoting a model."""

import runpy
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import mlflow
from mlflow import MlflowClient
from mlflow.models import EvaluationResult, MetricThreshold, infer_signature

from tests.inside.printed import printed
from tests.inside.small_models import X, log, register, save, y

ROOT = Path(__file__).parents[3]
NAME, PRODUCTION = "errors_registry", "errors_registry_prod"
HELDOUT = "evaluation/heldout.csv"


def _run(script: str, *words: str) -> None:
    """Run an example's script with words on its command line."""
    with patch.object(sys, "argv", [script, *words]), redirect_stdout(StringIO()):
        runpy.run_path(str(ROOT / "examples" / script), run_name="__main__")


def _challenger(heldout: str | None, **tags: str) -> str:
    """Register a model in development whose run has held-out rows. Return its address."""
    info = log(NAME, signature=infer_signature(X, y))
    if heldout:
        MlflowClient().log_text(info.run_id, heldout, HELDOUT)
    version = register(NAME, info, tags=tags)
    return f"models:/{NAME}/{version.version}"


def _rows(right: bool = True) -> str:
    """Return held-out rows with the right species or with wrong species."""
    return X.assign(species=y if right else y + 1).to_csv(index=False)


def _new_champion(environment: str = PRODUCTION) -> None:
    """Make a version the champion of an environment, without the tags that promote.py writes."""
    champion = register(environment, log(NAME, signature=infer_signature(X, y)))
    MlflowClient().set_registered_model_alias(environment, "champion", champion.version)


def _result(**metrics: float) -> EvaluationResult:
    """Return the result of an evaluation."""
    return EvaluationResult(metrics=metrics, artifacts={})


def created_at_once() -> None:
    """Log the same data set from several threads."""
    runpy.run_module("tests.inside.same_data_set_at_once")


def gate_refuses() -> None:
    """Let a gate judge a model that is not good enough."""
    threshold = MetricThreshold(threshold=0.85, greater_is_better=True)
    mlflow.validate_evaluation_results({"accuracy": threshold}, _result(accuracy=0.8))


def promotion_refused() -> None:
    """Promote a model that is not good enough."""
    _new_champion()
    _run("04_registry/promote.py", _challenger(_rows(right=False)), PRODUCTION)


def challenger_rolled_back() -> None:
    """Promote a version that was rolled back."""
    _new_champion()
    challenger = _challenger(_rows(), rolled_back="2026-11-23 12:00:00 UTC by ana: wrong species")
    _run("04_registry/promote.py", challenger, PRODUCTION)


def no_heldout_rows() -> None:
    """Promote a model whose run has no held-out rows."""
    _new_champion()
    _run("04_registry/promote.py", _challenger(None), PRODUCTION)


def no_such_environment() -> None:
    """Misspell the environment."""
    _run("04_registry/promote.py", _challenger(_rows()), "errors_registry_pord")


def champion_changed() -> None:
    """Promote a version while somebody else promotes another version."""
    create = MlflowClient.create_model_version
    environment = f"errors_registry_{uuid4().hex}"
    MlflowClient().create_registered_model(environment)

    def create_after_the_other(*arguments: object, **named: object) -> object:
        with patch.object(MlflowClient, "create_model_version", create):
            _new_champion(environment)
        return create(*arguments, **named)

    challenger = _challenger(_rows())
    with patch.object(MlflowClient, "create_model_version", create_after_the_other):
        _run("04_registry/promote.py", challenger, environment)


def no_tag_replaces() -> None:
    """Roll back a champion whose alias somebody set by hand."""
    _new_champion()
    _run("04_registry/rollback.py", PRODUCTION)


def no_result_of_the_champion() -> None:
    """Compare with the champion without its result."""
    threshold = MetricThreshold(min_absolute_change=0.01, greater_is_better=True)
    mlflow.validate_evaluation_results({"accuracy": threshold}, _result(accuracy=0.9))


def gain_of_zero() -> None:
    """Require a gain of zero."""
    MetricThreshold(min_absolute_change=0, greater_is_better=True)


def model_id_missing() -> None:
    """Register a logged model without its id."""
    info = log(NAME)
    MlflowClient().create_model_version(NAME, info.model_uri, info.run_id)


def alias_reserved() -> None:
    """Use an alias that MLflow reserves in any spelling."""
    version = register(NAME, log(NAME))
    MlflowClient().set_registered_model_alias(NAME, "Latest", version.version)


def alias_like_a_version() -> None:
    """Use an alias that looks like a version."""
    version = register(NAME, log(NAME))
    MlflowClient().set_registered_model_alias(NAME, "v1", version.version)


def logged_model_copied() -> None:
    """Copy a logged model."""
    MlflowClient().copy_model_version(log(NAME).model_uri, PRODUCTION)


def no_model_to_register() -> None:
    """Register a model from a run that has no logged model with this name."""
    info = log(NAME, name="other")
    mlflow.register_model(f"runs:/{info.run_id}/model", NAME)


def registered_model_exists() -> None:
    """Create a registered model twice."""
    register(NAME, log(NAME))
    MlflowClient().create_registered_model(NAME)


def registered_name_with_slash() -> None:
    """Put a slash into a registered model's name."""
    MlflowClient().create_registered_model("errors/registry")


def folder_registered() -> None:
    """Register a folder."""
    mlflow.register_model(save(), NAME)


def alias_with_slash() -> None:
    """Put a slash into an alias."""
    version = register(NAME, log(NAME))
    MlflowClient().set_registered_model_alias(NAME, "prod/eu", version.version)


def stages_deprecated() -> str:
    """Move a version to a stage."""
    client, version = MlflowClient(), register(NAME, log(NAME))
    return printed(lambda: client.transition_model_version_stage(NAME, version.version, "Staging"))
