"""Let each model predict the species of three flowers: a setosa, a versicolor and a virginica."""

import os

import mlflow
import pandas as pd

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])

garden = mlflow.pyfunc.load_model("models:/drill_second_model_garden@champion")
flowers = pd.DataFrame({"petal_length": [1.4, 4.2, 5.6]})
print("garden, in centimetres:", garden.predict(flowers))

field = mlflow.pyfunc.load_model("models:/drill_second_model_field@champion")
flowers = pd.DataFrame({"petal_length": [0.55, 1.65, 2.2]})
print("field, in inches:      ", field.predict(flowers))
