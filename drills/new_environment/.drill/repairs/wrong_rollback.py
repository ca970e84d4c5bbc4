"""Roll back to version 1.

The check must say: Tomás needs a model with the same accuracy
"""

from lab.drilling.production import promote

promote("drill_new_environment", "1")
