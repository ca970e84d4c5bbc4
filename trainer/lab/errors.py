"""The exception for errors that the user can fix."""


class LabError(Exception):
    """An error that the user can fix. The message names the setting or the command to use."""
