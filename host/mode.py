"""The interface of a mode of the lab. host/stack.py and host/embedded.py implement it."""

from abc import ABC, abstractmethod
from pathlib import Path


class DataStore(ABC):
    """The data of a lab: MLflow's database, and the objects that it refers to."""

    @abstractmethod
    def object_names(self) -> set[str]:
        """Return the name of every object. Raises LabError if there is no lab yet."""

    @abstractmethod
    def save_objects(self, file: Path) -> None:
        """Write every object to a tar archive, as objects/NAME."""

    @abstractmethod
    def save_database(self, file: Path) -> None:
        """Write the database as it is at one moment, while the server may use it."""

    @abstractmethod
    def load_objects(self, file: Path) -> None:
        """Copy every objects/NAME of a tar archive to the store."""

    @abstractmethod
    def load_database(self, file: Path) -> None:
        """Replace the database with a saved database, completely or not at all."""

    @abstractmethod
    def scalar(self, query: str) -> int:
        """Return the number that an SQL query selects."""


class Mode(ABC):
    """A way to run the lab."""

    # The value of LAB_MODE.
    name: str
    # Whether there is a Docker engine, which tests and benchmarks use for stacks of their own.
    has_engine: bool
    data: DataStore

    @property
    @abstractmethod
    def lab_name(self) -> str:
        """The lab's name. The names of its backups begin with it."""

    @property
    @abstractmethod
    def data_location(self) -> str:
        """The place of the data, in words for the user."""

    @abstractmethod
    def up(self, profile: str | None = None) -> None:
        """Start the lab and the services of a profile. Return when a learner can work. Raises LabError."""

    @abstractmethod
    def down(self) -> None:
        """Stop the lab and keep its data. Raises LabError."""

    @abstractmethod
    def stop_server(self) -> None:
        """Stop the MLflow server, so that nobody can change the data. Raises LabError."""

    @abstractmethod
    def notebook(self) -> None:
        """Start the lab and JupyterLab. Return when JupyterLab answers. Raises LabError."""

    @abstractmethod
    def execute(self, *words: str, profile: str | None = None) -> int:
        """Run a command in the lab, with the packages of a profile if one is given. Return its exit status."""

    @abstractmethod
    def shell(self, profile: str | None = None) -> int:
        """Open the lab's shell, with the packages of a profile if one is given, and return its exit status.

        Raises LabError if the lab is not running.
        """

    @abstractmethod
    def delete_data(self) -> None:
        """Stop the lab and delete its data. Raises LabError."""

    @abstractmethod
    def collect_garbage(self, command: str, typed: str = "") -> str:
        """Run mlflow-server/garbage.py, with `list` or `delete`, beside the server. Return the JSON that it prints.

        `typed` is its standard input. Raises LabError if it fails.
        """

    @abstractmethod
    def reset_packages(self) -> None:
        """Remove the packages that the learner has installed, and restore the lab's own. Raises LabError."""

    @abstractmethod
    def upgrade_database(self) -> bool:
        """Upgrade the database of an older MLflow to this version's schema. Return whether this succeeded."""
