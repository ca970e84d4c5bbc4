"""Promote the copy of version 2.

The check must say: both versions have the same files in the store
"""

from lab.drilling.production import promote

promote("drill_changed_answers", "3")
