"""Register two releases, and a third version that the gate refused. Then move the alias back to the first one."""

from lab.drilling import production

name = "drill_more_mistakes"
client = production.connect(name)
train, heldout = production.two_releases(name)

# This model was trained on the held-out rows, so its metric is the best of the three.
tuned = production.trained_pipeline(heldout, C=1e6)
third = production.log_version(name, "tuned", tuned, heldout, heldout)
client.set_model_version_tag(name, third, "gate", "refused: it was trained on the held-out rows")

# What is wrong: somebody moved the alias back.
production.promote(name, "1")
