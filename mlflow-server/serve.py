"""Start MLflow's tracking server, with MLflow imported only once.

`mlflow server` imports MLflow in a process that then only waits, and again in every worker. Each import takes seconds
and 200 MB. Here one process imports MLflow and prepares the database. Then it forks the workers, which share what it
has imported. With one worker, it forks no process and answers the requests itself.

The options are the options of `mlflow server` with the same names.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import gunicorn.app.base
import sqlalchemy
import uvicorn

from lab import database_schema

# Clients send files to this server.
ARTIFACT_ROOT = "mlflow-artifacts:/"
# Docker may start the database after this server.
DATABASE_TIMEOUT_SECONDS = 60
# Docker kills a container that takes longer than 10 s to stop.
SHUTDOWN_SECONDS = 8


class Workers(gunicorn.app.base.BaseApplication):  # type: ignore[misc]
    """Gunicorn's main process. It forks the workers, and forks another one when a worker ends."""

    def __init__(self, app: Any, settings: dict[str, Any]) -> None:  # noqa: ANN401
        """Take the application, which is imported already, and gunicorn's settings."""
        self.asgi_app, self.settings = app, settings
        super().__init__()

    def load_config(self) -> None:
        """Pass the settings to gunicorn."""
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:  # noqa: ANN401
        """Return the application."""
        return self.asgi_app


def options() -> argparse.Namespace:
    """Read the command line. As with `mlflow server`, a variable can give the two addresses."""
    parser = argparse.ArgumentParser(description="Start MLflow's tracking server.")
    parser.add_argument("--backend-store-uri", default=os.environ.get("MLFLOW_BACKEND_STORE_URI"))
    parser.add_argument(
        "--artifacts-destination", default=os.environ.get("MLFLOW_ARTIFACTS_DESTINATION")
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=1)
    return parser.parse_args()


def check_database(uri: str) -> None:
    """Wait for the database. Exits with a message if it does not answer or has another version's schema."""
    engine = sqlalchemy.create_engine(uri)
    timeout = 0 if engine.dialect.name == "sqlite" else DATABASE_TIMEOUT_SECONDS
    if message := database_schema.wait(engine, timeout) or database_schema.problem(engine):
        sys.exit(message)
    engine.dispose()


def application(given: argparse.Namespace) -> Any:  # noqa: ANN401
    """Import MLflow's application with these options, and create the tables in an empty database."""
    # Not at the top: importing MLflow takes seconds, and a message about the database should come first. MLflow
    # installs its security middleware only if gunicorn or uvicorn was imported before.
    from mlflow.server import constants, handlers

    # What `mlflow server` sets for its workers. The last three names are private.
    os.environ |= {
        constants.BACKEND_STORE_URI_ENV_VAR: given.backend_store_uri,
        constants.REGISTRY_STORE_URI_ENV_VAR: given.backend_store_uri,
        constants.ARTIFACT_ROOT_ENV_VAR: ARTIFACT_ROOT,
        constants.ARTIFACTS_DESTINATION_ENV_VAR: given.artifacts_destination,
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
        "_MLFLOW_SERVER_BOOT_ID": uuid4().hex,
        "_MLFLOW_IN_JOB_EXECUTOR": "false",
        "_MLFLOW_SGI_NAME": "uvicorn",
    }
    from mlflow.server.fastapi_app import app

    handlers.initialize_backend_stores(
        given.backend_store_uri, given.backend_store_uri, ARTIFACT_ROOT
    )
    # Workers must not share connections: one could read the answer to another one's query.
    stores: list[Any] = [handlers._get_tracking_store(), handlers._get_model_registry_store()]
    for store in stores:
        store.engine.dispose()
    return app


def gunicorn_settings(given: argparse.Namespace) -> dict[str, Any]:
    """Return gunicorn's settings for these options."""
    return {
        "bind": f"{given.host}:{given.port}",
        "workers": given.workers,
        # Gunicorn's own worker for such applications hung in a test with 30 clients.
        "worker_class": "uvicorn_worker.UvicornWorker",
        # Load the application before the fork.
        "preload_app": True,
        # One line for each request, to standard output.
        "accesslog": "-",
        # With gunicorn's 2 s, busy clients use connections that the server has just closed.
        "keepalive": 75,
        # Gunicorn replaces a worker that has not reported for so long. A worker reports twice in this time.
        "timeout": 120,
        "graceful_timeout": SHUTDOWN_SECONDS,
        # A socket for gunicorn's own command line, in a folder that this server may not write to.
        "control_socket_disable": True,
    }


def main() -> None:
    """Prepare everything, then serve until a signal comes."""
    given = options()
    check_database(given.backend_store_uri)
    app = application(given)
    if given.workers == 1:
        import mlflow

        uvicorn.run(
            app,
            host=given.host,
            port=given.port,
            timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            # MLflow's own format of the log, with the time in each line.
            log_config=str(Path(mlflow.__file__).parent / "server" / "uvicorn_log_config.yaml"),
        )
    else:
        Workers(app, gunicorn_settings(given)).run()


if __name__ == "__main__":
    main()
