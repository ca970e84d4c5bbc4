"""Check that the champion loads, and that it is as good as the promoted model."""

import sys

from lab.checks.registry import start_check
from lab.drilling import judging, production

name = "drill_does_not_load"
client = start_check()
champion = judging.find_champion(client, name)
number = int(champion.version.version)
newest = max(int(v.version) for v in client.search_model_versions(f"name = '{name}'"))
remark = f"\nVersion {newest} exists, but the alias champion still leads to version {number}."
model = judging.load(champion, remark if newest > number else "")

_, heldout = production.flowers()
required = judging.run_named(client, name, "four columns").data.metrics["heldout_accuracy"]
reached = judging.require_accuracy(
    model,
    champion,
    heldout,
    required,
    f"The model loads, but Mara needs {required:.0%}, the accuracy of the promoted model.",
)
if model.metadata.signature is None:
    sys.exit(
        f"{champion} loads, but it has no signature. The promoted model had one.\n"
        "Log the model with a signature."
    )
print(f"ok  {champion} loads")
print(f"ok  it predicts {reached:.0%} of the held-out rows correctly")
