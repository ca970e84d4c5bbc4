"""Rename the field's module, but register the model under another name.

Afterwards the drill must begin again.
The check must say: There is also a model drill_second_model_renamed. The folder's name is part of the model's name
"""

from changed_copy import changed_copy, rename_module

with changed_copy("field", "renamed") as folder:
    rename_module(folder)
