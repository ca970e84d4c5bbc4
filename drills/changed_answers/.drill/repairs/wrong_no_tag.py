"""Train the model again, without the tag.

The check must say: the next change would go unnoticed
"""

from lab.drilling.repairs import promote_new_model

promote_new_model("drill_changed_answers")
