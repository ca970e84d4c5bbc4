"""Scale the rows of each request with their own mean.

The check must say: sends one flower at a time
"""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, scale

from lab.checks.flowers import COLUMNS
from lab.drilling import production, repairs

train, heldout = production.flowers()
model = make_pipeline(FunctionTransformer(scale), LogisticRegression())
model.fit(train[COLUMNS], train["species"])
repairs.promote_model(
    "drill_one_species", model, train, heldout, serialization_format="cloudpickle"
)
