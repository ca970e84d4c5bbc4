"""The artifact locations of runs and logged models whose files the server stores."""

PREFIX = "mlflow-artifacts:/"


def path_of(location: str) -> str | None:
    """Return the path of an artifact location in the server's store. Return None if the server does not store it."""
    return location.removeprefix(PREFIX).strip("/") if location.startswith(PREFIX) else None


def address_of(path: str) -> str:
    """Return the address at which the server reads, writes and deletes the file or folder at a path in its store."""
    import mlflow

    return f"{mlflow.get_tracking_uri()}/api/2.0/mlflow-artifacts/artifacts/{path}"
