# %% [markdown]
"""
How a run and a model record which data they saw.

`log_input` says which data a run used. It does not say which data a model was measured on. For that
you give `log_metric` the data set and the model's id.
"""

# %%
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
mlflow.set_experiment("02_log")

iris = load_iris(as_frame=True)
X = iris.data
y = iris.target.map(dict(enumerate(iris.target_names)))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)

# %% A data set has a name and a digest, which MLflow computes from the values
train_data = mlflow.data.from_pandas(
    X_train.assign(species=y_train), name="iris_train", targets="species"
)
test_data = mlflow.data.from_pandas(
    X_test.assign(species=y_test), name="iris_test", targets="species"
)

# %%
with mlflow.start_run(run_name="with data sets") as run:
    mlflow.log_input(train_data, context="training")
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(X_train, y_train),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
    mlflow.log_metric("train_accuracy", model.score(X_train, y_train))
    mlflow.log_metric(
        "test_accuracy",
        model.score(X_test, y_test),
        dataset=test_data,
        model_id=model_info.model_id,
    )

# %%
print("The run used")
inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
for used in sorted(inputs, key=lambda used: used.dataset.name):
    context = [tag.value for tag in used.tags]
    print(
        " ", used.dataset.name, "with the digest", used.dataset.digest, "and the context", context
    )
print("The model was measured")
for metric in sorted(mlflow.get_logged_model(model_info.model_id).metrics, key=lambda m: m.key):
    print(f"  {metric.key} {metric.value:.3f}, on {metric.dataset_name}")
