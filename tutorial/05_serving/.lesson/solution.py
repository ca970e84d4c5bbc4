# %% [markdown]
"""
Solution: prepare models:/iris_web@champion for clients over HTTP

The web team will call this model over HTTP, and it knows nothing else about it. Today the model
answers nearly every request with status 200, even one with a misspelled column, and it answers with
numbers.

Your turn: change the script so that

1. the model answers "setosa", "versicolor" or "virginica" for each flower,
2. a request with a misspelled column gets status 400, and so does a word in place of a number,
3. the model has an input example, so that a server can try it before the first client does.

Then type: lab check 5
"""

# %% Imports
import logging
import os
import warnings

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from mlflow.pyfunc.scoring_server import invocations
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("05_serving_exercise")
# The last cell shows what goes wrong, so the script hides these two messages.
warnings.filterwarnings("ignore", r"X has feature names, but", UserWarning)
logging.getLogger("mlflow.pyfunc.scoring_server").setLevel(logging.ERROR)

# %% Train the model
iris = load_iris(as_frame=True)
X, y = iris.data, iris.target_names[iris.target]
model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(X, y)

# %% Log it in a run, register it and make it the champion
with mlflow.start_run():
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(X, y),
        input_example=X.head(2),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
version = mlflow.register_model(model_info.model_uri, "iris_web")
MlflowClient().set_registered_model_alias("iris_web", "champion", version.version)
print(f"models:/iris_web@champion is version {version.version}")

# %% Pass three requests to the function that MLflow's server calls for each request
served = mlflow.pyfunc.load_model("models:/iris_web@champion")
sent = {
    "right names": X.head(2),
    "another order": X.head(2)[X.columns[::-1]],
    "wrong names": X.head(2).add_prefix("the "),
}
for name, rows in sent.items():
    body = f'{{"dataframe_split": {rows.to_json(orient="split", index=False)}}}'
    try:
        response = invocations(body, "application/json", served, served.metadata.get_input_schema())
        print(f"{name:15}{response.status} {response.response}")
    except mlflow.MlflowException as error:
        reason = error.message.rpartition("Error: ")[2]
        print(f"{name:15}{error.get_http_status_code()} {reason}")
