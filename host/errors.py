"""The one exception type for what a user can cause and mend."""


class LabError(Exception):
    """Something a user can mend; the message names the setting or the command to use."""
