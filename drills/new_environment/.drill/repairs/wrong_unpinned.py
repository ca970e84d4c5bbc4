"""Allow any newer version of scikit-learn.

The check must say: Tomás needs one pinned version
"""

from lab.drilling.repairs import promote_version_2_again

promote_version_2_again("drill_new_environment", pip_requirements=["scikit-learn>=1.2"])
