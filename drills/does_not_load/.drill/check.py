"""The champion must load, and be as good as the model that was promoted."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
import judging
import production

from lab.checks.registry import start_check

name = "drill_does_not_load"
client = start_check()
version = judging.champion(client, name)
label = judging.label(version)
newest = max(int(v.version) for v in client.search_model_versions(f"name = '{name}'"))
remark = (
    f"\nVersion {newest} exists, but the alias champion still leads to version {version.version}."
)
model = judging.load(version, remark if newest > int(version.version) else "")

_, heldout = production.flowers()
required = judging.run_named(client, name, "four columns").data.metrics["heldout_accuracy"]
reached = judging.accuracy(model, version, heldout)
if reached < required:
    sys.exit(
        f"{label} loads, but it names only {reached:.0%} of the held-out flowers correctly, expected "
        f"{required:.0%}.\nMara wants a model as good as the one that was promoted."
    )
if model.metadata.signature is None:
    sys.exit(
        f"{label} loads, but it has no signature, unlike the model that was promoted.\n"
        "Log it as that model was logged."
    )
print(f"ok  {label} loads")
print(f"ok  it names {reached:.0%} of the held-out flowers correctly")
