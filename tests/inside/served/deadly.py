"""A model made of code that ends its process, or raises an error, when it is asked for certain flowers."""

import os

import mlflow
import which_version
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Deadly(PythonModel):
    """Answers with ten times its version's number, unless a flower is negative or a giant."""

    def predict(self, context, model_input, params=None):
        """Return the number for each row."""
        if (model_input < 0).any(axis=None):
            os._exit(1)
        if (model_input > 99).any(axis=None):
            # An error of MLflow's that has no code, which means 500.
            raise mlflow.MlflowException("No such flower.")
        return [10 * which_version.NUMBER] * len(model_input)


set_model(Deadly())
