"""Log the same model without a signature.

The check must say: has no signature
"""

from lab.drilling.repairs import promote_version_2_again

promote_version_2_again("drill_rejected_rows", signature=None)
