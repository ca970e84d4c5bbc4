# %% [markdown]
"""
Save, log, load and register models of four frameworks by the same five calls, and combine two of them.

What to look at: the four files differ in their imports and their model alone. What they make differs:
columns or a tensor, what a consumer may send, what the native loader gives. The last model gives
probabilities through pyfunc, whose predict gives numbers of classes only.

**Time**: 10 minutes to read, 10 for the exercise.
"""

# %% Imports
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.datasets import load_iris

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
# Before the four start: if two processes create an experiment at once, one of them does not get it.
mlflow.set_experiment("06_flavors")
# A notebook has no __file__, but runs in its folder.
lesson_folder = Path(__file__ if "__file__" in globals() else "run.py").resolve().parent

# %% Four frameworks, each in a process of its own, all at the same time
processes = {
    framework: subprocess.Popen(
        [sys.executable, lesson_folder / f"train_{framework}.py"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    for framework in ("sklearn", "xgboost", "pytorch", "tensorflow")
}
for framework, process in processes.items():
    print(f"$ python tutorial/{lesson_folder.name}/train_{framework}.py")
    output, error_output = process.communicate()
    # 77: its framework is not installed.
    if process.returncode not in (0, 77):
        for other_process in processes.values():
            other_process.terminate()
        sys.exit(error_output)
    print(output or f"  left out. {error_output}")

# %% Two of them, by version: an alias would not record which versions were the champions now
client = MlflowClient()
members = {}
for framework in ("sklearn", "xgboost"):
    champion = client.get_model_version_by_alias(f"iris_{framework}", "champion")
    members[framework] = f"models:/iris_{framework}/{champion.version}"
measures = load_iris(as_frame=True).data
by_sklearn = mlflow.sklearn.load_model(members["sklearn"]).predict_proba(measures)
by_xgboost = mlflow.xgboost.load_model(members["xgboost"]).predict_proba(measures)

# %% A model of both: its code, copies of their files, and a parameter that callers may set
packages = {
    line
    for uri in members.values()
    for line in Path(mlflow.pyfunc.get_model_dependencies(uri)).read_text().splitlines()
}
with mlflow.start_run(run_name="iris_committee"):
    info = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(lesson_folder / "committee.py"),
        artifacts=members,
        signature=infer_signature(measures, by_sklearn, params={"weight": 0.5}),
        input_example=measures.head(2),
        pip_requirements=sorted(packages),
    )
with contextlib.redirect_stderr(sys.stdout):
    version = mlflow.register_model(info.model_uri, "iris_committee")
client.set_registered_model_alias("iris_committee", "champion", version.version)
client.set_registered_model_tag("iris_committee", "lesson", "06_flavors")

# %% Asked through pyfunc, it gives probabilities
committee = mlflow.pyfunc.load_model("models:/iris_committee@champion")
# The flower on which the two agree least.
flower = int(np.abs(by_sklearn - by_xgboost).sum(axis=1).argmax())
print(f"iris_committee version {version.version} is made of {' and '.join(members.values())}")
print(f"  {'flower ' + str(flower):26}setosa  versicolor  virginica")
for weight, expected in (
    (1.0, by_sklearn),
    (0.5, (by_sklearn + by_xgboost) / 2),
    (0.0, by_xgboost),
):
    answers = committee.predict(measures, params={"weight": weight})
    assert np.allclose(answers, expected)
    row = answers[flower]
    print(f"  params={{'weight': {weight}}}    {row[0]:6.3f}{row[1]:12.3f}{row[2]:11.3f}")
assert (committee.predict(measures) == committee.predict(measures, params={"weight": 0.5})).all()
try:
    committee.predict(measures, params={"weight": "much"})
    raise AssertionError("a word was taken for a weight")
except MlflowException as error:
    print(f"  params={{'weight': 'much'}} refused: {error.message.rpartition('error: ')[2][:-3]}")
