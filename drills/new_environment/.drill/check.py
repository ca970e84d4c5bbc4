"""The champion must ask for the scikit-learn that trained it, which is the one that is installed here."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import re

import judging
import production
import yaml

from lab.checks.registry import start_check

name = "drill_new_environment"
client = start_check()
version = judging.champion(client, name)
label = judging.label(version)
model = judging.load(version)
folder = Path(judging.download(version))

_, heldout = production.flowers()
reached = judging.accuracy(model, version, heldout)
if reached < 0.96:
    sys.exit(
        f"{label} names only {reached:.0%} of the held-out flowers correctly.\n"
        "The model must stay as good as it was: 96%."
    )

installed = production.packages()[0].partition("==")[2]
trained = model.metadata.flavors.get("sklearn", {}).get("sklearn_version", installed)
conda = yaml.safe_load((folder / "conda.yaml").read_text())["dependencies"]
lists = {
    "requirements.txt": (folder / "requirements.txt").read_text().split("\n"),
    "conda.yaml": next(entry["pip"] for entry in conda if isinstance(entry, dict)),
}
for file, lines in lists.items():
    asked = [line for line in lines if re.match(r"scikit-learn\b", line)]
    if not asked:
        sys.exit(
            f"{file} of {label} does not name scikit-learn. Then pip installs whatever is the newest, or none."
        )
    if not re.fullmatch(r"scikit-learn==[\d.]+", asked[0].strip()):
        sys.exit(f"{file} of {label} asks for {asked[0]!r}. Tomás wants one version, pinned.")
    if asked[0].strip() != f"scikit-learn=={trained}":
        sys.exit(
            f"{file} of {label} asks for {asked[0]!r}. That is not the scikit-learn that trained this model."
        )
judging.require_columns(model, version, heldout[production.COLUMNS])
print(f"ok  {label} asks for scikit-learn {trained}, which trained it")
print(f"ok  it names {reached:.0%} of the held-out flowers correctly")
