"""What a lab holds, told by its own API, inside it: python -m tests.inside.inventory EXPERIMENT MODEL

Prints JSON: of the experiment's READY logged models the bytes of each file and the prediction, and
of the registered model its versions and what its alias `champion` and its stages mean.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow.entities import LoggedModelStatus

experiment_name, registered = sys.argv[1:]
client = mlflow.MlflowClient()
experiment = mlflow.get_experiment_by_name(experiment_name)
# MLflow 3.17.2 cannot filter by status: its column holds numbers, and it compares them with the name.
logged = [
    model
    for model in mlflow.search_logged_models(
        experiment_ids=[experiment.experiment_id], output_format="list"
    )
    if model.status == LoggedModelStatus.READY
]


def contents(uri: str) -> dict[str, str]:
    """Return the digest of every file of a model, by its path."""
    with tempfile.TemporaryDirectory() as folder:
        local = Path(mlflow.artifacts.download_artifacts(uri, dst_path=folder))
        return {
            file.relative_to(local).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(local.rglob("*"))
            if file.is_file()
        }


versions = client.search_model_versions(f"name = '{registered}'")
print(
    json.dumps(
        {
            "models": {model.model_id: contents(model.model_uri) for model in logged},
            "predicts": {
                model.model_id: mlflow.pyfunc.load_model(model.model_uri).predict([[0.5]]).tolist()
                for model in logged
            },
            "versions": {v.version: [v.source, v.run_id, v.current_stage] for v in versions},
            "champion": client.get_model_version_by_alias(registered, "champion").version,
            "by alias": contents(f"models:/{registered}@champion"),
        }
    )
)
