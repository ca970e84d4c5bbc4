"""Scale the rows of each request by themselves.

The check must say: sends one flower at a time
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import production
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, scale

production.connect("one_species")
train, heldout = production.flowers()
model = make_pipeline(FunctionTransformer(scale), LogisticRegression())
model.fit(train[production.COLUMNS], train["species"])
version = production.log_version(
    "drill_one_species", "batch", model, train, heldout, serialization_format="cloudpickle"
)
production.promote("drill_one_species", version)
