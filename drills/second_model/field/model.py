"""Name the species of flowers from the field by their petal length, which is in inches."""

import mlflow
import pandas as pd
from features import petal_length_cm


class Species(mlflow.pyfunc.PythonModel):
    """Three species, which differ by the length of the petal."""

    def predict(self, context: object, model_input: pd.DataFrame) -> list[str]:
        """Return the species of each row."""
        lengths = petal_length_cm(model_input)
        bounds = [0, 2.5, 4.9, 100]
        return pd.cut(lengths, bounds, labels=["setosa", "versicolor", "virginica"]).tolist()


mlflow.models.set_model(Species())
