"""Register the field's model again without a change.

Afterwards the drill must begin again.
The check must say: Both models contain a module with the same name: features.
"""

from changed_copy import changed_copy

with changed_copy("field", "field"):
    pass
