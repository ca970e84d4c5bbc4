"""The one exception type for errors that a user can cause and fix."""


class LabError(Exception):
    """An error that a user can fix. The message names the setting or the command to use."""
