"""Upload the right file in place of the changed one, and leave the tag.

Afterwards the drill must begin again.
The check must say: Register a new version: version 2 and its tag are evidence
"""

from lab.drilling import files, production

name = "drill_changed_answers"
production.connect(name)
train, _ = production.flowers()
files.overwrite_model_file(name, "2", production.trained_pipeline(train))
production.promote(name, "2")
