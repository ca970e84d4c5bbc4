# %% [markdown]
"""
A model that was logged without its scaler: it gives wrong answers, and nothing warns you.

The signature cannot help. It knows names and types, and the scaled values have the same names and the
same type as the centimetres.
"""

# %%
import os

import mlflow
import sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("03_models_pyfunc")

# %%
iris = load_iris(as_frame=True)
X, y = iris.data, iris.target.map(dict(enumerate(iris.target_names)))
X_train, X_heldout, y_train, y_heldout = train_test_split(
    X, y, test_size=0.4, random_state=7, stratify=y
)
# set_output makes the scaler return a DataFrame, so the scaled columns keep their names.
scaler = StandardScaler().set_output(transform="pandas").fit(X_train)
scaled = scaler.transform(X_train)
classifier = LogisticRegression(C=0.5, max_iter=500).fit(scaled, y_train)

# %%
with mlflow.start_run(run_name="scaler_outside"):
    model_info = mlflow.sklearn.log_model(
        classifier,
        name="scaler_outside",
        signature=infer_signature(scaled, y_train),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}"],
    )
model = mlflow.pyfunc.load_model(model_info.model_uri)
same = model_info.signature.inputs == infer_signature(X_train).inputs
print("The signature of scaled values equals the signature of centimetres:", same)

# %%
yours = (model.predict(scaler.transform(X_heldout)) == y_heldout).mean()
answers = model.predict(X_heldout)
hers = (answers == y_heldout).mean()
print(f"Accuracy if you scale the rows first: {yours:.4f}")
print(f"Accuracy if Ada sends centimetres:    {hers:.4f}")
print("The model's answers to Ada:          ", ", ".join(sorted(set(answers))))
