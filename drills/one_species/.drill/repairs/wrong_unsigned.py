"""Train a pipeline, but log it without a signature.

The check must say: has no signature
"""

from lab.drilling.repairs import promote_new_model

promote_new_model("drill_one_species", signature=None)
