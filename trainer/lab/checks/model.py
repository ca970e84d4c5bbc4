"""What a check asks of a downloaded model: that it loads, and that its signature names columns."""

import sys
from textwrap import shorten

import mlflow
from mlflow.pyfunc import PyFuncModel

from lab.checks.flowers import COLUMNS
from lab.checks.registry import Champion


def error_message(error: BaseException) -> str:
    """Return an error's message on one line. Of messages within messages, return the innermost."""
    return shorten(str(error).rpartition("Error: ")[2], 300)


def error_with_type(error: BaseException) -> str:
    """Return the name of an error's type and its message."""
    return f"{type(error).__name__}: {error_message(error)}"


def load(folder: str, champion: Champion, run_it: str) -> PyFuncModel:
    """Load the model from its files. Stop if it does not load."""
    remark = f"\nMake all that it needs a part of the model, and run your exercise again: {run_it}"
    return load_or_stop(folder, champion, remark)


def load_or_stop(folder: str, champion: Champion, remark: str) -> PyFuncModel:
    """Load the model from its files. If it does not load, stop with a message that ends with the remark."""
    try:
        model: PyFuncModel = mlflow.pyfunc.load_model(folder)
        return model
    except MemoryError:
        # The machine has too little free memory now, which says nothing about the model.
        raise
    # A learner's code may end the process.
    except (Exception, SystemExit) as error:
        sys.exit(f"{champion} cannot be loaded: {error_with_type(error)}{remark}")


def named_columns(model: PyFuncModel, champion: Champion) -> list[str]:
    """Return the columns of iris that the signature names. Stop if it names none."""
    schema = model.metadata.get_input_schema()
    if schema is None:
        sys.exit(
            f"{champion} has no signature, so MLflow refuses nothing: expected one that names the "
            "columns.\nGive the model one when you log it, and run your exercise again."
        )
    columns = [name for name in schema.input_names() if name in COLUMNS]
    if not columns:
        sys.exit(
            f"{champion} has a signature that names no column: {shorten(str(schema), 200)}\n"
            "Infer it from rows that have their names, from a DataFrame, and run your exercise again."
        )
    return columns
