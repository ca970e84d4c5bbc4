"""Four candidates of other kinds, without signatures, which predict numbers. Two are equally good."""

import os

import mlflow
import sklearn
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_experiment("02_log_exercise")

X, y = load_iris(as_frame=True, return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.3, random_state=7, stratify=y)
found = []
for model in (SVC(), LinearDiscriminantAnalysis(), GaussianNB(), DummyClassifier()):
    model.fit(X_train, y_train)
    accuracy = model.score(X_test, y_test)
    print(model, accuracy)
    with mlflow.start_run():
        mlflow.log_metric("test_accuracy", accuracy)
        info = mlflow.sklearn.log_model(
            model, name="model", pip_requirements=[f"scikit-learn=={sklearn.__version__}"]
        )
    found.append((accuracy, info.model_uri))
mlflow.register_model(max(found)[1], "iris_best")
