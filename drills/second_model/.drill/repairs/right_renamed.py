"""Rename the field's module."""

from changed_copy import changed_copy, rename_module

with changed_copy("field", "field") as folder:
    rename_module(folder)
