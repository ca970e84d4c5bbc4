"""Make MLflow look up which package each module belongs to.

MLflow does so, and remembers it, when a process loads its first model: it compares the model's requirements with the
installed packages. This takes almost a second.
"""

from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches

warn_dependency_requirement_mismatches(["pandas"])
