"""Other challengers on other rows. The tags are written when a version is registered."""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import MetricThreshold
from mlflow.models.evaluation.validation import ModelValidationFailedException
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry_exercise")
client = MlflowClient()
iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
flowers = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(flowers, test_size=0.4, random_state=1, stratify=iris.target)

if client.search_registered_models("name = 'iris_gate'"):
    client.delete_registered_model("iris_gate")
client.create_registered_model("iris_gate")
estimators = [
    (columns[:1], LogisticRegression()),
    (columns[:2], SVC()),
    (columns, LogisticRegression(C=0.1)),
    (columns, LogisticRegression(C=0.1)),
    (columns[2:], SVC()),
    (columns, LogisticRegression(C=100)),
]
rule = MetricThreshold(threshold=0.85, min_absolute_change=0.01, greater_is_better=True)
champion = champion_result = None
for features, estimator in estimators:
    scaler = make_column_transformer((StandardScaler(), features))
    model = make_pipeline(scaler, estimator).fit(train[columns], train["species"])
    with mlflow.start_run() as run:
        mlflow.log_text(heldout.to_csv(index=False), "evaluation/heldout.csv")
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=train[columns].head(3),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
        # The metrics of a classifier: the gate asks for accuracy_score.
        result = mlflow.models.evaluate(
            model.predict,
            heldout,
            targets="species",
            model_type="classifier",
            evaluators="default",
            model_id=info.model_id,
        )
    tags = {"gate": "Passed", "replaces": champion or "none"}
    try:
        if champion:
            mlflow.validate_evaluation_results({"accuracy_score": rule}, result, champion_result)
    except ModelValidationFailedException as error:
        tags = {"gate": f"Refused: {error}"}
    version = client.create_model_version(
        "iris_gate", info.model_uri, run_id=run.info.run_id, model_id=info.model_id, tags=tags
    )
    if tags["gate"] == "Passed":
        client.set_registered_model_alias("iris_gate", "champion", version.version)
        champion, champion_result = version.version, result
