"""The champion must give the answers of the release, and its tag must fit its file."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import hashlib

import judging
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

# The training has no chance in it, so this model is that of the release.
train, heldout = production.flowers()
rows = heldout[production.COLUMNS]
expected = production.pipeline().fit(train[production.COLUMNS], train["species"]).predict(rows)
different = int((judging.answers(model, version, rows) != expected).sum())
folder = Path(judging.download(version))
file = folder / "model.skops"
md5 = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() if file.exists() else None
if different and version.version == "2" and version.tags.get(tag) == md5:
    sys.exit(
        f"The tag of {label} fits its file now, but {different} answers are still not those of the release.\n"
        "The tag was evidence, and the file is what has to be repaired."
    )
places = {client.get_model_version_download_uri(name, v.version) for v in (version, original)}
if different and version.version != "2" and len(places) == 1:
    sys.exit(
        f"{label} leads to the same place as version 2, so both are the same files in the store: {different} of "
        f"{len(rows)} answers are not those of the release."
    )
if different and version.run_id != released.info.run_id:
    sys.exit(
        f"{label} is another model than that of the release: {different} of {len(rows)} answers are different."
    )
if different:
    sys.exit(
        f"{label} still gives other answers than on the day of the release, for {different} of {len(rows)} flowers."
    )
judging.require_columns(model, version, rows)
if version.tags.get(tag) != md5:
    sys.exit(
        f"{label} gives the answers of the release. But its tag {tag} is {version.tags.get(tag, 'missing')!r}, "
        f"and the MD5 of its file is {md5}.\nWithout the tag the next change would go unnoticed, too."
    )
print(f"ok  {label} gives all {len(rows)} answers of the release")
print(f"ok  its tag {tag} fits its file")
