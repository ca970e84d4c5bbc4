"""Predicting with a model."""

import warnings

import mlflow
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import PyFuncModel
from mlflow.types import ColSpec, Schema
from sklearn.linear_model import LogisticRegression

from tests.inside.printed import printed
from tests.inside.small_models import MODEL, PIP, X, save, y


def _loaded(rows: pd.DataFrame = X, model: LogisticRegression = MODEL) -> PyFuncModel:
    """Return a saved and loaded model. Its signature is inferred from these rows."""
    with warnings.catch_warnings():
        # MLflow warns about columns of integers.
        warnings.simplefilter("ignore")
        return mlflow.pyfunc.load_model(save(model, signature=infer_signature(rows, y)))


def column_misspelt() -> None:
    """Misspell a column's name."""
    _loaded().predict(X.rename(columns={"sepal length (cm)": "sepal lenght (cm)"}))


def column_left_out() -> None:
    """Leave out a column."""
    _loaded().predict(X.drop(columns="sepal length (cm)"))


def no_column_names() -> None:
    """Send lists of numbers to a model whose signature has column names."""
    _loaded().predict(X.head(2).to_numpy().tolist())


def column_of_another_type() -> None:
    """Send whole numbers."""
    _loaded().predict(X.round().astype("int64"))


def integers_as_floats() -> None:
    """Send a missing number in a column of integers, which pandas then stores as floats."""
    rows = X.round().astype("int64")
    _loaded(rows).predict(rows.head(3).mask(rows.head(3) > 4))


def date_with_time_zone() -> None:
    """Send a date with a time zone."""
    rows = X.assign(at=pd.Timestamp("2026-11-23 12:00+01:00"))
    _loaded(rows).predict(rows)


def integer_missing() -> None:
    """Send a missing integer."""
    rows = X.head(3).round().astype("Int64")
    rows.iloc[0, 0] = None
    _loaded(X.round().astype("int64")).predict(rows)


def trained_without_names() -> str:
    """Send a table to a model that was trained on an array."""
    model = _loaded(model=LogisticRegression(max_iter=1000).fit(X.to_numpy(), y))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.predict(X)
    return "\n".join(str(warning.message) for warning in caught)


def array_without_names() -> str:
    """Send an array to a native model that was trained on a table."""
    model = mlflow.sklearn.load_model(save())
    return printed(lambda: model.predict(X.to_numpy()))


def names_of_the_training() -> None:
    """Misspell a column's name in rows for a model without a signature."""
    rows = X.rename(columns={"sepal length (cm)": "sepal lenght (cm)"})
    mlflow.pyfunc.load_model(save()).predict(rows)


def number_of_columns() -> None:
    """Send an array with too few columns to a model without a signature."""
    mlflow.pyfunc.load_model(save()).predict(X.to_numpy()[:, :3])


def too_few_unnamed_columns() -> None:
    """Send too few columns to a model whose columns have no names."""
    signature = ModelSignature(Schema([ColSpec("double")] * 4))
    mlflow.pyfunc.load_model(save(signature=signature)).predict(X.iloc[:, :3])


def value_missing() -> None:
    """Send a missing number to a model that accepts none."""
    _loaded().predict(X.mask(X > 4))


def type_hint_not_met() -> None:
    """Send numbers to a custom model whose type hint requires text."""

    def shout(model_input: list[str]) -> list[str]:
        return [text.upper() for text in model_input]

    mlflow.pyfunc.save_model("own", python_model=shout, pip_requirements=PIP)
    mlflow.pyfunc.load_model("own").predict([1, 2])


def pyfunc_has_only_predict() -> None:
    """Ask a pyfunc model for probabilities."""
    _loaded().predict_proba(X)


def evaluate_argument_removed() -> None:
    """Give evaluate the thresholds, as in MLflow 2."""
    mlflow.models.evaluate("model", X, model_type="classifier", validation_thresholds={})
