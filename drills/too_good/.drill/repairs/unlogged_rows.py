"""What two repairs share: promote a good model from a run that lacks the rows."""

import mlflow
import pandas as pd
from mlflow.models import infer_signature

from lab.checks.flowers import COLUMNS
from lab.drilling import production


def promote_without_rows(datasets: dict[str, pd.DataFrame]) -> None:
    """Log a good model and these data sets in a run, but not the files with the rows. Promote the model."""
    name = "drill_too_good"
    production.connect(name)
    train, heldout = production.flowers()
    model = production.trained_pipeline(train)
    with mlflow.start_run():
        for context, rows in datasets.items():
            mlflow.log_input(mlflow.data.from_pandas(rows), context=context)
        mlflow.log_metric("heldout_accuracy", model.score(heldout[COLUMNS], heldout["species"]))
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(train[COLUMNS], train["species"]),
            registered_model_name=name,
            pip_requirements=production.pinned_packages(),
        )
    production.promote(name, info.registered_model_version)
