"""Train a pipeline on the centimetres."""

from lab.drilling.repairs import promote_new_model

promote_new_model("drill_one_species")
