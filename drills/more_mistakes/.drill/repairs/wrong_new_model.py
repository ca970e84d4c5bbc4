"""Train a new model instead of finding the release.

The check must say: is not the model of release 2026-11
"""

from lab.drilling.repairs import promote_new_model

promote_new_model("drill_more_mistakes")
