"""Register two releases. The signature of the second one was inferred from whole numbers."""

from mlflow.models import infer_signature

from lab.checks.flowers import COLUMNS
from lab.drilling import production

name = "drill_rejected_rows"
client = production.connect(name)
train, _ = production.flowers()
# What is wrong: somebody inferred the signature from an example with whole numbers.
example = train[COLUMNS].round().astype("int64")
production.two_releases(name, signature=infer_signature(example, train["species"]))
client.update_registered_model(
    name,
    "Agreement of May 2026. Input: four columns of type double, in centimetres: "
    f"{', '.join(COLUMNS)}. Output: the name of the species, a string.",
)
