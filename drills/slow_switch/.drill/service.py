"""Start examples/05_serving/service.py with the secret that is in the file service.env."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import wiring

port = sys.argv[sys.argv.index("--port") + 1]
# In the stack the registry is on another machine, and calls this one by its address in the stack's network.
host = "127.0.0.1" if wiring.seen_by_the_registry().startswith("127.") else "0.0.0.0"  # noqa: S104
for line in wiring.settings().read_text(encoding="utf-8").splitlines():
    key, _, value = line.partition("=")
    os.environ[key] = value
service = "examples/05_serving/service.py"
model = "models:/drill_slow_switch@champion"
words = [service, model, "--host", host, "--port", port, "--poll", "86400"]
os.execv(sys.executable, [sys.executable, *words])
