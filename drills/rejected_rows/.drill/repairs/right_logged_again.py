"""Log the same model with the agreed signature, and promote the new version."""

from lab.drilling.repairs import promote_version_2_again

# The signature comes from the training rows.
promote_version_2_again("drill_rejected_rows")
