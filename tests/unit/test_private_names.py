"""Private names of MLflow that this repository uses: each is listed with its reason, and MLflow still has it.

MLflow may change a name that begins with an underscore in any release. The test sees imports, dotted names, strings
that are dotted names (monkeypatch) and methods that a class of ours overrides, not attributes of MLflow's objects.
"""

import ast
import pkgutil
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.labs import ROOT

FOLDERS = ["benchmarks", "examples", "host", "mlflow-server", "tests", "trainer", "tutorial"]
LOGGER = "A claim about a warning looks at the text that goes to MLflow's logger."
# The name, the files that use it, and why no public name does.
LISTED = {
    "mlflow.store.artifact.artifact_repo.ArtifactRepository._download_file": (
        ["mlflow-server/lab_server/artifact_repository.py"],
        "MLflow calls this method for each file of a download, and the server's plugin has to define it.",
    ),
    "mlflow.server.handlers._get_tracking_store": (
        ["mlflow-server/serve.py"],
        "The server's main process has to close its database connections before it forks the workers.",
    ),
    "mlflow.server.handlers._get_model_registry_store": (
        ["mlflow-server/serve.py"],
        "As the line before: the registry has connections of its own.",
    ),
    "mlflow.tracking.context.default_context._get_main_file": (
        ["trainer/lab/git_context.py"],
        "The tag for uncommitted changes has to describe the file whose commit MLflow records.",
    ),
    "mlflow.tracking.context.jupyter_notebook_context._is_in_jupyter_notebook": (
        ["trainer/lab/git_context.py"],
        "The lab has to take for a notebook what MLflow takes for one.",
    ),
    "mlflow.tracking.fluent._get_experiment_id": (
        ["tutorial/02_log/.lesson/test_claims.py"],
        "A claim about which experiment is active, for which MLflow has no public function.",
    ),
    "mlflow.tracking._tracking_service": (
        ["tutorial/02_log/.lesson/test_claims.py"],
        "A claim about a race needs to come between two requests of set_experiment.",
    ),
    "mlflow.utils.validation._validate_webhook_url": (
        ["tests/inside/errors/webhooks.py"],
        "The messages of a server without the lab's two webhook settings, which no server here is.",
    ),
    "mlflow.models.utils._logger": (
        [
            "tutorial/03_models_pyfunc/.lesson/test_claims.py",
            "tutorial/06_flavors/.lesson/test_claims.py",
        ],
        LOGGER,
    ),
    "mlflow.pytorch._logger": (["tutorial/06_flavors/.lesson/test_claims.py"], LOGGER),
}


def private(name: str) -> str | None:
    """Return a dotted name of MLflow's up to its first private part, or None if it has none."""
    match = re.match(r"mlflow(?:\.\w+?)*?\._(?!_)\w+", name)
    return match[0] if match else None


def imported(tree: ast.Module) -> dict[str, str]:
    """Return the names that a file imports from MLflow, each with what it stands for."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("mlflow."):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if f"{alias.name}.".startswith("mlflow."):
                    names[alias.asname or "mlflow"] = alias.name if alias.asname else "mlflow"
                    # Of `import mlflow._a` only mlflow is a name, and the module is used all the same.
                    names[alias.name] = alias.name
    return names


def dotted_names(tree: ast.Module) -> list[str]:
    """Return every dotted name of MLflow's that a file imports, uses, has as a string or overrides."""
    names = imported(tree)
    used = list(names.values())
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            root, _, rest = ast.unparse(node).partition(".")
            used.append(f"{names.get(root)}.{rest}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used += re.findall(r"^mlflow(?:\.\w+)+$", node.value)
        elif isinstance(node, ast.ClassDef):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            bases = [names.get(ast.unparse(base)) for base in node.bases]
            used += [f"{base}.{method}" for base in bases for method in methods]
    return used


def test_a_private_name_is_used_where_it_is_listed_and_nowhere_else():
    files: dict[str, set[str]] = {}
    paths = {file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")}
    for path in paths - {Path(__file__)}:
        for name in filter(None, map(private, dotted_names(ast.parse(path.read_text("utf-8"))))):
            files.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    assert files == {name: set(paths) for name, (paths, _) in LISTED.items()}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("from mlflow.a import _b", "mlflow.a._b"),
        ("from mlflow._a.b import c", "mlflow._a"),
        ("import mlflow._a.b", "mlflow._a"),
        ("import mlflow\nmlflow.a._b.c()", "mlflow.a._b"),
        ("from mlflow import a as x\nx._b", "mlflow.a._b"),
        ("import mlflow.a as x\nx._b", "mlflow.a._b"),
        ("monkeypatch.setattr('mlflow.a._b', None)", "mlflow.a._b"),
        ("from mlflow.a import B\nclass C(B):\n    def _d(self): ...", "mlflow.a.B._d"),
    ],
)
def test_the_search_sees(code, name):
    assert {found for found in map(private, dotted_names(ast.parse(code))) if found} == {name}


@pytest.mark.parametrize("name", LISTED)
def test_mlflow_still_has(name):
    try:
        pkgutil.resolve_name(name)
    except ModuleNotFoundError as error:
        # A flavor whose framework is not installed here: its module's text tells.
        assert not error.name.startswith("mlflow"), error
        module, _, attribute = name.rpartition(".")
        source = Path(find_spec(module).origin).read_text(encoding="utf-8")
        assert re.search(rf"^{attribute} = ", source, flags=re.MULTILINE)
