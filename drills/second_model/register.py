"""Log the model in a folder together with the folder's modules, register it, and promote it.

    python drills/second_model/register.py drills/second_model/field

The folder is called garden or field. Its name is part of the registered model's name.
"""

import os
import sys
from pathlib import Path

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import infer_signature

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("drill_second_model")
folder = Path(sys.argv[1]).resolve()
name = f"drill_second_model_{folder.name}"
modules = [str(file) for file in folder.glob("*.py") if file.name != "model.py"]
# MLflow runs model.py when it logs it, and model.py imports the other modules.
sys.path.insert(0, str(folder))
with mlflow.start_run(run_name=folder.name):
    mlflow.set_tag("mlflow.source.name", "drills/second_model/register.py")
    info = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(folder / "model.py"),
        code_paths=modules or None,
        signature=infer_signature(pd.DataFrame({"petal_length": [1.4]}), ["setosa"]),
        pip_requirements=["pandas"],
        registered_model_name=name,
    )
version = info.registered_model_version
MlflowClient().set_registered_model_alias(name, "champion", version)
print(f"models:/{name}@champion is version {version}")
