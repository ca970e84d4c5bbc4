"""The server's database."""

import sqlite3
from contextlib import closing
from pathlib import Path

import mlflow.db
from mlflow import MlflowClient
from mlflow.store.db.base_sql_model import Base


def _use(address: str) -> None:
    """Use a database as a server does."""
    MlflowClient(address).search_experiments()


def _database() -> str:
    """Create a database with the schema of another version of MLflow. Return its address."""
    with closing(sqlite3.connect("mlflow.db")) as database, database:
        # MLflow looks only for the tables' names before it compares the revision.
        for table in Base.metadata.tables:
            database.execute(f"CREATE TABLE {table} (id INTEGER)")
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('ffffffffffff')")
    return f"sqlite:///{Path.cwd()}/mlflow.db"


def postgres_without_ql() -> None:
    """Write postgres:// in place of postgresql://."""
    _use("postgres://mlflow:secret@127.0.0.1/mlflow")


def postgres_driver_missing() -> None:
    """Write an address without a driver, for which SQLAlchemy 2.1 needs psycopg."""
    _use("postgresql://mlflow:secret@127.0.0.1/mlflow")


def database_driver_unknown() -> None:
    """Name a driver that does not exist."""
    _use("postgresql+psycopg3://mlflow:secret@127.0.0.1/mlflow")


def sqlite_slashes() -> None:
    """Write two slashes in place of three."""
    _use("sqlite://mlflow.db")


def schema_of_another_mlflow() -> None:
    """Use a database that another version of MLflow wrote."""
    _use(_database())


def schema_of_a_newer_mlflow() -> None:
    """Upgrade a database that a newer version of MLflow wrote."""
    mlflow.db.upgrade.callback(_database())
