# %% [markdown]
"""
Solution: Make a model that works by its address alone: models:/iris_mine@champion

Ada has nothing but this address, and she sends centimetres. Her accuracy is much lower than yours,
because the scaler is only in this script. She gets no error and no warning.

Your turn: make the scaler a part of the model, and give the model a signature.

Then the model repeats the predictions recorded in evaluation/heldout.csv, and MLflow rejects
rows in which a column has another name.

Then: lab check 3
"""

# %% Imports
import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc_exercise")

# %% The data
iris = load_iris(as_frame=True)
columns = list(iris.data.columns)
flowers = iris.data.assign(species=iris.target.map(dict(enumerate(iris.target_names))))
train, heldout = train_test_split(flowers, test_size=0.4, random_state=3)
train, heldout = train.reset_index(drop=True), heldout.reset_index(drop=True)

# %% The model
model = make_pipeline(StandardScaler(), LogisticRegression())
model.fit(train[columns], train["species"])
predicted = model.predict(heldout[columns])
accuracy = float((predicted == heldout["species"]).mean())
print(f"Your accuracy:  {accuracy:.4f}")

# %% The run, with the evidence
with mlflow.start_run():
    evidence = heldout.assign(predicted=predicted)
    mlflow.log_text(evidence.to_csv(index=False), "evaluation/heldout.csv")
    heldout_data = mlflow.data.from_pandas(heldout, targets="species", name="iris_heldout")
    mlflow.log_input(heldout_data, context="heldout")
    mlflow.log_metric("heldout_accuracy", accuracy)
    model_info = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(train[columns], predicted),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )

# %% The name and the alias
registered = mlflow.register_model(model_info.model_uri, "iris_mine")
MlflowClient().set_registered_model_alias("iris_mine", "champion", registered.version)

# %% Ada loads the model by its address and sends centimetres
ada = mlflow.pyfunc.load_model("models:/iris_mine@champion")
answers = ada.predict(heldout[columns])
print(f"Ada's accuracy: {float((answers == heldout['species']).mean()):.4f}")
