"""A model that combines two others and returns the mean of their probabilities.

deeper/two_models.py logs this file as it is (a model from code), so MLflow pickles nothing.
"""

from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext


class Committee(PythonModel):
    """The mean of the probabilities of a scikit-learn model and an XGBoost model."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the two models. MLflow copied their files into this model when it was logged."""
        self.sklearn = mlflow.sklearn.load_model(context.artifacts["sklearn"])
        self.xgboost = mlflow.xgboost.load_model(context.artifacts["xgboost"])

    # Without the type hint of model_input, MLflow prints a warning.
    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """Return three probabilities for each flower. params["weight"] is the weight of scikit-learn's."""
        weight = params["weight"]
        if weight is None or not 0 <= weight <= 1:
            raise ValueError(f"weight is {weight}, expected a number from 0 to 1")
        return weight * self.sklearn.predict_proba(model_input) + (
            1 - weight
        ) * self.xgboost.predict_proba(model_input)


# This call tells MLflow which object in the file is the model.
mlflow.models.set_model(Committee())
