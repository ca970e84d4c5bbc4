"""Check that the champion makes the predictions of the release, and that the tags of both versions are honest."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from lab.checks.flowers import COLUMNS
from lab.checks.registry import server_is_away, start_check
from lab.drilling import files, judging, production

name, tag = "drill_changed_answers", "md5.model.skops"
client = start_check()
released = judging.run_named(client, name, "four columns")
champion = judging.find_champion(client, name)
version = champion.version
model = judging.load(champion)
try:
    original = client.get_model_version(name, "2")
except MlflowException as error:
    if server_is_away(error):
        raise
    sys.exit(f"Version 2 of {name} no longer exists. The audit needs it as evidence.")

# The training is deterministic, so this model is the model of the release.
train, heldout = production.flowers()
release = production.trained_pipeline(train)
rows = heldout[COLUMNS]
different = int((judging.predictions(model, champion, rows) != release.predict(rows)).sum())
differences = f"{different} of {len(rows)} predictions are different"
file = Path(judging.download(champion), files.MODEL_FILE)
md5 = files.md5(file.read_bytes()) if file.exists() else None
if original.tags.get(tag) != released.data.tags["mlflow.drill.md5"]:
    if different and version.version == "2" and version.tags.get(tag) == md5:
        sys.exit(
            f"The tag of {champion} now matches its file, but {differences} from the release.\n"
            "The tag was evidence, and the file is what you have to repair. Begin the drill again: "
            "lab drill changed_answers"
        )
    sys.exit(
        f"The tag {tag} of version 2 does not have the value that the release job wrote.\n"
        "Register a new version: version 2 and its tag are evidence. Write the old MD5 to the tag again. If you do "
        "not have it, begin the drill again: lab drill changed_answers"
    )
locations = {client.get_model_version_download_uri(name, v.version) for v in (version, original)}
if different and version.version != "2" and len(locations) == 1:
    sys.exit(
        f"{champion} leads to the location of version 2, so both versions have the same files in the store. "
        f"{differences} from the release."
    )
if different and version.run_id != released.info.run_id:
    sys.exit(f"{champion} is not the model of the release: {differences}.")
if different:
    sys.exit(
        f"{champion} still predicts differently than on the day of the release: {differences}."
    )
# Other flowers: iris with small random differences. Flowers for which two species are almost equally likely are left
# out.
others = pd.concat([train, heldout])[COLUMNS]
others = others + np.random.default_rng(3).normal(0, 0.3, others.shape)
likeliest = np.sort(release.predict_proba(others))
others = others[likeliest[:, -1] - likeliest[:, -2] > 0.02]
different = int((judging.predictions(model, champion, others) != release.predict(others)).sum())
if different:
    sys.exit(
        f"{champion} makes the fifty predictions of the release. But for {different} of {len(others)} other flowers, "
        "its prediction differs from the prediction of the release.\n"
        "Train the model again with the rows and parameters that the run logged."
    )
judging.require_columns(model, champion, rows)
if tag not in version.tags:
    sys.exit(
        f"{champion} makes the predictions of the release. But it has no tag {tag}.\n"
        "Without the tag, the next change would go unnoticed, too."
    )
if version.tags[tag] != md5:
    remedy = (
        "Register a new version: version 2 and its tag are evidence."
        if version.version == "2"
        else "Write the MD5 of the file to the tag."
    )
    sys.exit(
        f"{champion} makes the predictions of the release. But its tag {tag} is {version.tags[tag]}, and the MD5 of "
        f"its file is {md5}.\n{remedy}"
    )
print(f"ok  {champion} makes all {len(rows)} predictions of the release")
print(f"ok  its tag {tag} is the MD5 of its file")
print("ok  the tag of version 2 is unchanged")
