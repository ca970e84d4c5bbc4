"""Train an honest model and record its data sets, but do not log the rows.

The check must say: has no file data/train.csv
"""

import mlflow
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

iris = load_iris(as_frame=True)
species = iris.target.map(dict(enumerate(iris.target_names)))
train, heldout, y, z = train_test_split(iris.data, species, test_size=50, random_state=7)
model = LogisticRegression(max_iter=1000).fit(train, y)
mlflow.set_experiment("drill_too_good")
with mlflow.start_run():
    mlflow.log_input(mlflow.data.from_pandas(train), context="train")
    mlflow.log_input(mlflow.data.from_pandas(heldout), context="heldout")
    mlflow.log_metric("heldout_accuracy", model.score(heldout, z))
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(train, y),
        registered_model_name="drill_too_good",
        pip_requirements=["scikit-learn"],
    )
MlflowClient().set_registered_model_alias(
    "drill_too_good", "champion", info.registered_model_version
)
