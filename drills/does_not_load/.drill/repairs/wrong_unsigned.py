"""Train the model again, but log it without a signature.

The check must say: it has no signature
"""

from lab.drilling.repairs import promote_new_model

promote_new_model("drill_does_not_load", signature=None)
