"""A model that asks two others: it loads them by their own flavors, which have predict_proba.

run.py logs this file as it is (models from code), so nothing has to be pickled.
"""

from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.pyfunc import PythonModel, PythonModelContext


class Committee(PythonModel):
    """Two models' probabilities, averaged."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the members; their files are a part of this model."""
        self.sklearn = mlflow.sklearn.load_model(context.artifacts["sklearn"])
        self.xgboost = mlflow.xgboost.load_model(context.artifacts["xgboost"])

    # Without the hint for model_input MLflow warns whoever loads the model.
    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """Return a row of three probabilities for each flower; scikit-learn's weigh params["weight"]."""
        weight = params["weight"]
        if weight is None or not 0 <= weight <= 1:
            raise ValueError(f"weight is {weight}, expected a number from 0 to 1")
        return weight * self.sklearn.predict_proba(model_input) + (
            1 - weight
        ) * self.xgboost.predict_proba(model_input)


mlflow.models.set_model(Committee())
