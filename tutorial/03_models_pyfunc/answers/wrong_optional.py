"""answers all the same

Every column may be missing, and what is missing is made up.
"""

import os

import mlflow
import sklearn
from mlflow import MlflowClient
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc_exercise")
measures, species = load_iris(as_frame=True, return_X_y=True)
train, heldout, train_species, heldout_species = train_test_split(
    measures, species, test_size=0.4, random_state=3
)
packages = [f"scikit-learn=={sklearn.__version__}"]


class Patient(mlflow.pyfunc.PythonModel):
    """Take what there is, and the mean for what there is not."""

    def __init__(self, model, means):
        """Keep model and means."""
        self.model, self.means = model, means

    def predict(self, context, model_input, params=None):
        """Answer with the species."""
        rows = model_input.reindex(columns=list(self.means))
        return self.model.predict(rows.astype("float64").fillna(self.means))


pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(train, train_species)
predicted = pipeline.predict(heldout)
model = Patient(pipeline, train.mean().to_dict())
columns = [ColSpec("double", name, required=False) for name in measures.columns]
with mlflow.start_run():
    rows = heldout.assign(species=heldout_species, predicted=predicted)
    mlflow.log_text(rows.to_csv(index=False), "evaluation/heldout.csv")
    mlflow.log_metric("heldout_accuracy", (predicted == heldout_species).mean())
    info = mlflow.pyfunc.log_model(
        name="model",
        python_model=model,
        signature=ModelSignature(Schema(columns)),
        pip_requirements=packages,
    )

version = mlflow.register_model(info.model_uri, "iris_mine")
MlflowClient().set_registered_model_alias("iris_mine", "champion", version.version)
