"""Print the workers of the MLflow server as JSON: process ids, and the most connections of one worker to the database.

    … python - < tests/inside/server_workers.py

It runs in the server's container, which does not have the checkout and reads the script from stdin.
"""

import json
import os
from pathlib import Path

parents = {}
for process in Path("/proc").glob("[0-9]*"):
    try:
        program, _, arguments = (process / "cmdline").read_text().partition("\0")
        stat = (process / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        # It has just ended.
        continue
    if program.endswith("python") and arguments.startswith("/opt/serve.py"):
        # After the name in parentheses, which may contain spaces: the state, then the parent's id.
        parents[int(process.name)] = int(stat.rpartition(")")[2].split()[1])
# The main process is the only one whose parent is another program.
workers = sorted(worker for worker, parent in parents.items() if parent in parents)
names = ("MLFLOW_SQLALCHEMYSTORE_POOL_SIZE", "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW")
pool, overflow = (int(os.environ[name]) for name in names)
# A worker has two pools, of the tracking store and of the registry. While one is at its maximum, the other may keep
# its idle connections.
print(json.dumps({"workers": workers, "connections": pool + overflow + pool}))
