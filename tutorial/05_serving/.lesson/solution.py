# %% [markdown]
"""
Solution: A model whose clients send JSON and have nothing else: models:/iris_web@champion

Your turn: asked by HTTP, the model answers nearly everything with 200, a column under another name
too, and with numbers that mean nothing to its clients. Give it a contract that holds. It answers
"setosa", "versicolor" or "virginica" for each flower, in all four forms and whatever the order of
the columns; a renamed column gets 400, and so does a word for a number; and it brings an input
example, so that a service can try it before it serves it. The alias is on your latest version.

Then: lab check 05
"""

# %% Imports
import contextlib
import logging
import os
import sys
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
# What each answer is printed for is not to be said twice.
warnings.filterwarnings("ignore", r"X has feature names, but", UserWarning)
logging.getLogger("mlflow.pyfunc.scoring_server").setLevel(logging.ERROR)

# %% The model
iris = load_iris(as_frame=True)
measures, species = iris.data, iris.target_names[iris.target]
model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(measures, species)

# %% What a service gets of it; MLflow tells of the registration on stderr
model_info = mlflow.sklearn.log_model(
    model,
    name="model",
    signature=infer_signature(measures, species),
    input_example=measures.head(2),
    pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
)
with contextlib.redirect_stderr(sys.stdout):
    version = mlflow.register_model(model_info.model_uri, "iris_web")
MlflowClient().set_registered_model_alias("iris_web", "champion", version.version)
print(f"models:/iris_web@champion is version {version.version}")

# %% What mlflow models serve would answer, without a server
served = mlflow.pyfunc.load_model("models:/iris_web@champion")
for what, rows in {
    "as agreed": measures.head(2),
    "backwards": measures.head(2)[measures.columns[::-1]],
    "renamed": measures.head(2).add_prefix("the "),
}.items():
    body = f'{{"dataframe_split": {rows.to_json(orient="split", index=False)}}}'
    try:
        answer = invocations(body, "application/json", served, served.metadata.get_input_schema())
        print(f"{what:10} {answer.status} {answer.response}")
    except mlflow.MlflowException as error:
        print(f"{what:10} {error.get_http_status_code()} {error.message.rpartition('Error: ')[2]}")
