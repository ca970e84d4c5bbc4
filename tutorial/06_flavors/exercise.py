# %% [markdown]
"""
A model that knows when it does not know: models:/iris_sure@champion

Your turn: through pyfunc this XGBoost model answers numbers, and of every flower it seems sure. Make it
answer "setosa", "versicolor" or "virginica", and "unsure" where its highest probability is below the
parameter at_least, which callers may give and which is 0.8 otherwise. It takes a DataFrame with
load_iris's columns, of float64 or float32; the alias is on your latest version.

Then: lab check 06
"""

# %% Imports
import os
from importlib.metadata import packages_distributions

import mlflow
import sklearn
import xgboost
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from xgboost import XGBClassifier

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("06_flavors_exercise")
# The package may be called xgboost or xgboost-cpu.
package = packages_distributions()["xgboost"][0].replace("_", "-")
packages = [f"{package}=={xgboost.__version__}", f"scikit-learn=={sklearn.__version__}"]

# %% The model
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target
model = XGBClassifier(n_estimators=30, max_depth=2).fit(measures, species)

# %% Logged by its flavor
model_info = mlflow.xgboost.log_model(
    model,
    name="model",
    signature=infer_signature(measures, model.predict(measures)),
    pip_requirements=packages,
)

# %% Its address
version = mlflow.register_model(model_info.model_uri, "iris_sure")
MlflowClient().set_registered_model_alias("iris_sure", "champion", version.version)
print(f"models:/iris_sure@champion is version {version.version}")

# %% What a caller gets
loaded = mlflow.pyfunc.load_model("models:/iris_sure@champion")
for at_least in (0.0, 0.8, 0.99):
    print(at_least, loaded.predict(measures.iloc[::30], params={"at_least": at_least}))
