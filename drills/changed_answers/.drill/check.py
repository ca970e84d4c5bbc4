"""The champion must give the answers of the release, and the tags of both versions must be honest."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import hashlib

import judging
import numpy as np
import pandas as pd
import production
from mlflow.exceptions import MlflowException

from lab.checks.registry import server_is_away, start_check

name, tag = "drill_changed_answers", "md5.model.skops"
client = start_check()
released = judging.run_named(client, name, "four columns")
version = judging.champion(client, name)
label = judging.label(version)
model = judging.load(version)
try:
    original = client.get_model_version(name, "2")
except MlflowException as error:
    if server_is_away(error):
        raise
    sys.exit(f"Version 2 of {name} is gone. It is evidence: the audit must be able to look at it.")

# The training has no chance in it, so this model is the model of the release.
train, heldout = production.flowers()
release = production.pipeline().fit(train[production.COLUMNS], train["species"])
rows = heldout[production.COLUMNS]
expected = release.predict(rows)
different = int((judging.answers(model, version, rows) != expected).sum())
folder = Path(judging.download(version))
file = folder / "model.skops"
md5 = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() if file.exists() else None
if original.tags.get(tag) != released.data.tags["mlflow.drill.md5"]:
    if different and version.version == "2" and version.tags.get(tag) == md5:
        sys.exit(
            f"The tag of {label} fits its file now, but {different} answers are still not those of the release.\n"
            "The tag was evidence, and the file is what has to be repaired. Begin the drill again: "
            "lab drill changed_answers"
        )
    sys.exit(
        f"The tag {tag} of version 2 is not the tag that the release job wrote.\n"
        "Register a new version: version 2 and its tag are evidence. Write the old MD5 to the tag again. If you do "
        "not have it, begin the drill again: lab drill changed_answers"
    )
places = {client.get_model_version_download_uri(name, v.version) for v in (version, original)}
if different and version.version != "2" and len(places) == 1:
    sys.exit(
        f"{label} leads to the same place as version 2, so both are the same files in the store: {different} of "
        f"{len(rows)} answers are not those of the release."
    )
if different and version.run_id != released.info.run_id:
    sys.exit(
        f"{label} is another model than the model of the release: {different} of {len(rows)} answers are different."
    )
if different:
    sys.exit(
        f"{label} still gives other answers than on the day of the release, for {different} of {len(rows)} flowers."
    )
# Other flowers: iris, measured a little differently. Flowers between two species say nothing.
others = pd.concat([train, heldout])[production.COLUMNS]
others = others + np.random.default_rng(3).normal(0, 0.3, others.shape)
likeliest = np.sort(release.predict_proba(others))
others = others[likeliest[:, -1] - likeliest[:, -2] > 0.02]
different = int((judging.answers(model, version, others) != release.predict(others)).sum())
if different:
    sys.exit(
        f"{label} gives the fifty answers of the release. But for {different} of {len(others)} other flowers, which "
        "the check keeps, it gives other answers than the model of the release.\n"
        "Make the model again with the rows and the parameters of the run."
    )
judging.require_columns(model, version, rows)
if tag not in version.tags:
    sys.exit(
        f"{label} gives the answers of the release. But it has no tag {tag}.\n"
        "Without the tag the next change would go unnoticed, too."
    )
if version.tags[tag] != md5:
    remedy = (
        "Register a new version: version 2 and its tag are evidence."
        if version.version == "2"
        else "Write the MD5 of the file to the tag."
    )
    sys.exit(
        f"{label} gives the answers of the release. But its tag {tag} is {version.tags[tag]}, and the MD5 of its "
        f"file is {md5}.\n{remedy}"
    )
print(f"ok  {label} gives all {len(rows)} answers of the release")
print(f"ok  its tag {tag} fits its file")
print("ok  the tag of version 2 is as it was")
