"""Log the same model with the right requirements, and promote the new version."""

from lab.drilling.repairs import promote_version_2_again

promote_version_2_again("drill_new_environment")
