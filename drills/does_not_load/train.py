"""Train the flower model on all four columns, measure it, log it and register it.

    python drills/does_not_load/train.py

This registers a new version. It does not move the alias champion.
"""

import os

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("drill_does_not_load")

iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
rows = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(rows, test_size=50, stratify=rows["species"], random_state=7)

model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train[columns], train["species"])
predicted = model.predict(heldout[columns])
with mlflow.start_run(run_name="four columns"):
    mlflow.set_tag("mlflow.source.name", "drills/does_not_load/train.py")
    for name, part, context in (
        ("flowers_train", train, "training"),
        ("flowers_heldout", heldout, "evaluation"),
    ):
        dataset = mlflow.data.from_pandas(part.reset_index(drop=True), name=name)
        mlflow.log_input(dataset, context)
    mlflow.log_metric("heldout_accuracy", float((predicted == heldout["species"]).mean()))
    info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(train[columns], predicted),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        registered_model_name="drill_does_not_load",
    )
print(f"models:/drill_does_not_load/{info.registered_model_version} is registered")
