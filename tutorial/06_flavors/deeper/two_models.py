# %% [markdown]
"""
Combine a scikit-learn model and an XGBoost model in a model of your own.

The model is a file, committee.py, which MLflow logs as it is. So nothing is pickled. The files of the
two models become a part of it. Callers set the weight of the scikit-learn model as a parameter.
"""

# %%
import os
from importlib.metadata import packages_distributions, version
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors")
# A notebook has no __file__, but it runs in the folder of this script.
here = Path(__file__ if "__file__" in globals() else "two_models.py").resolve().parent

# %% Log the two models, each in a run
iris = load_iris(as_frame=True)
X, numbers = iris.data, iris.target
logistic = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, numbers)
boosted = XGBClassifier(n_estimators=30, max_depth=2).fit(X, numbers)
# The package is called xgboost-cpu or xgboost.
names = ("scikit-learn", packages_distributions()["xgboost"][0])
packages = [f"{name}=={version(name)}" for name in names]
with mlflow.start_run(run_name="two models: scikit-learn"):
    by_sklearn = mlflow.sklearn.log_model(logistic, name="model", pip_requirements=packages[:1])
with mlflow.start_run(run_name="two models: XGBoost"):
    by_xgboost = mlflow.xgboost.log_model(boosted, name="model", pip_requirements=packages)

# %% Log the file, with copies of the two models' files and with a parameter
with mlflow.start_run(run_name="two models: committee"):
    committee_info = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(here.parent / "committee.py"),
        artifacts={"sklearn": by_sklearn.model_uri, "xgboost": by_xgboost.model_uri},
        signature=infer_signature(X, logistic.predict_proba(X), params={"weight": 0.5}),
        input_example=X.head(2),
        pip_requirements=packages,
        registered_model_name="iris_committee",
    )
number = committee_info.registered_model_version
MlflowClient().set_registered_model_alias("iris_committee", "champion", number)

# %% Ask for the flower about which the two models disagree most
difference = np.abs(logistic.predict_proba(X) - boosted.predict_proba(X)).sum(axis=1)
flower = X.iloc[[difference.argmax()]]
committee = mlflow.pyfunc.load_model("models:/iris_committee@champion")
true_name = iris.target_names[numbers[flower.index[0]]]
print(f"Flower {flower.index[0]}, which is a {true_name}")
print(f"{'':26}{'  '.join(iris.target_names)}")
for weight, meaning in ((1.0, "scikit-learn"), (0.5, "both"), (0.0, "XGBoost")):
    [row] = committee.predict(flower, params={"weight": weight})
    print(f"weight {weight}, {meaning:13}{row[0]:6.3f}{row[1]:12.3f}{row[2]:11.3f}")

# %% A weight that is not a number
try:
    committee.predict(flower, params={"weight": "much"})
except MlflowException as error:
    reason = error.message.rpartition("error: ")[2].rstrip('")}')
    print(f"weight 'much': rejected\n  {reason}")
