"""Check that the champion lists the scikit-learn version that it was trained with, which is installed here."""

import re
import sys
from pathlib import Path

import sklearn
import yaml

from lab.checks.flowers import COLUMNS
from lab.checks.registry import start_check
from lab.drilling import judging, production

name = "drill_new_environment"
champion = judging.find_champion(start_check(), name)
model = judging.load(champion)
folder = Path(judging.download(champion))

_, heldout = production.flowers()
reached = judging.require_accuracy(
    model, champion, heldout, 0.96, "Tomás needs a model with the same accuracy as before: 96%."
)

flavor = model.metadata.flavors.get("sklearn", {})
trained_with = flavor.get("sklearn_version", sklearn.__version__)
conda = yaml.safe_load((folder / "conda.yaml").read_text())["dependencies"]
lists = {
    "requirements.txt": (folder / "requirements.txt").read_text().split("\n"),
    "conda.yaml": next(entry["pip"] for entry in conda if isinstance(entry, dict)),
}
for file, lines in lists.items():
    required = [line.strip() for line in lines if re.match(r"scikit-learn\b", line)]
    if not required:
        sys.exit(
            f"{file} of {champion} does not list scikit-learn. pip then installs the newest version, or none."
        )
    if not re.fullmatch(r"scikit-learn==[\d.]+", required[0]):
        sys.exit(f"{file} of {champion} lists {required[0]!r}. Tomás needs one pinned version.")
    if required[0] != f"scikit-learn=={trained_with}":
        sys.exit(
            f"{file} of {champion} lists {required[0]!r}.\n"
            "The champion must list the scikit-learn version it was trained with."
        )
judging.require_columns(model, champion, heldout[COLUMNS])
print(f"ok  {champion} lists scikit-learn {trained_with}, the version it was trained with")
print(f"ok  it predicts {reached:.0%} of the held-out rows correctly")
