# %% [markdown]
"""
Write a model that says "unsure": models:/iris_sure@champion

This XGBoost model answers numbers through pyfunc, and it never says that it is unsure.

Your turn: write a PythonModel around the classifier, and log an object of your class instead.

Then the model answers "setosa", "versicolor" or "virginica", or "unsure" if its highest probability is
below the parameter at_least. A caller may set at_least, and its default is 0.8. The model accepts a
DataFrame with the columns of load_iris, of float64 or float32. It answers every row.

Then: lab check 6
"""

# %% Imports
import os
from importlib.metadata import packages_distributions, version

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from xgboost import XGBClassifier

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors_exercise")
# The package is called xgboost-cpu or xgboost.
names_of_packages = ("scikit-learn", packages_distributions()["xgboost"][0])
packages = [f"{name}=={version(name)}" for name in names_of_packages]

# %% The classifier
iris = load_iris(as_frame=True)
X, numbers = iris.data, iris.target
classifier = XGBClassifier(n_estimators=30, max_depth=2).fit(X, numbers)

# %% The model, logged with the flavor of XGBoost
with mlflow.start_run():
    model_info = mlflow.xgboost.log_model(
        classifier,
        name="model",
        signature=infer_signature(X, classifier.predict(X)),
        pip_requirements=packages,
    )

# %% The name and the alias
registered = mlflow.register_model(model_info.model_uri, "iris_sure")
MlflowClient().set_registered_model_alias("iris_sure", "champion", registered.version)

# %% What a caller gets
model = mlflow.pyfunc.load_model("models:/iris_sure@champion")
flowers = X.iloc[[0, 70, 149]]
for at_least in (0.0, 0.8, 0.99):
    answers = model.predict(flowers, params={"at_least": at_least})
    print(f"at_least={at_least}: {', '.join(map(str, answers))}")
