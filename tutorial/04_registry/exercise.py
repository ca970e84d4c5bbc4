# %% [markdown]
"""
Put a gate in front of the alias: models:/iris_gate@champion

Your turn: version 1 of iris_gate is the baseline, and it is the champion. Then four challengers
arrive, and each of them becomes champion, whatever its accuracy. Change the script:

1. Measure every version with mlflow.models.evaluate, the baseline too.
2. Let mlflow.validate_evaluation_results decide about each challenger: its accuracy must be at
   least 0.85, and at least 0.01 more than that of the champion of that moment.
3. Write the decision to the challenger's tag gate: "passed", or "refused: " with MLflow's message.
4. If the challenger passed, write the number of the champion that it replaces to its tag replaces.
   Then move the alias. If it was refused, leave the alias where it is.

Then: lab check 4
"""

# %% Imports
import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import make_metric
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("04_registry_exercise")
client = MlflowClient()

# %% The rows and the metric of the lesson
iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
flowers = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(flowers, test_size=0.4, random_state=7, stratify=iris.target)
heldout = heldout.reset_index(drop=True)
dataset = mlflow.data.from_pandas(heldout, targets="species", name="iris_heldout")
accuracy = make_metric(
    eval_fn=lambda predictions, targets: float((predictions == targets).mean()),
    greater_is_better=True,
    name="accuracy",
)


# %% Train a model, log it in a run and register it
def register(features):
    """Return a new version of iris_gate, whose model uses these columns."""
    scaler = make_column_transformer((StandardScaler(), features))
    model = make_pipeline(scaler, LogisticRegression())
    model.fit(train[columns], train["species"])
    with mlflow.start_run() as run:
        mlflow.log_text(heldout.to_csv(index=False), "evaluation/heldout.csv")
        model_info = mlflow.sklearn.log_model(
            model,
            name="model",
            input_example=train[columns].head(3),
            pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
        )
    return client.create_model_version(
        "iris_gate",
        source=model_info.model_uri,
        run_id=run.info.run_id,
        model_id=model_info.model_id,
    )


# %% Each time that you run this, iris_gate begins again with version 1
if client.search_registered_models("name = 'iris_gate'"):
    client.delete_registered_model("iris_gate")
client.create_registered_model("iris_gate")

# %% The baseline
champion = register(columns[:1])
client.set_registered_model_alias("iris_gate", "champion", champion.version)
print(f"version {champion.version} is the baseline and the champion")

# %% The challengers
for features in (columns[:2], columns[2:3], columns[2:], columns):
    challenger = register(features)
    client.set_registered_model_alias("iris_gate", "champion", challenger.version)
    print(f"version {challenger.version} is the champion now")
    champion = challenger
