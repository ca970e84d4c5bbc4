"""Start examples/05_serving/service.py with the secret that is in the file service.env."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import wiring

port = sys.argv[sys.argv.index("--port") + 1]
# In the stack the registry is on another machine, and calls this one by its address in the stack's network.
host = "127.0.0.1" if wiring.seen_by_the_registry().startswith("127.") else "0.0.0.0"  # noqa: S104
for number, line in enumerate(wiring.settings().read_text(encoding="utf-8").splitlines(), start=1):
    if not line.strip():
        continue
    key, separator, value = (part.strip() for part in line.partition("="))
    if not key or not separator:
        sys.exit(f"service.env line {number} is not NAME=value.")
    os.environ[key] = value.strip("\"'")
service = "examples/05_serving/service.py"
model = "models:/drill_slow_switch@champion"
words = [service, model, "--host", host, "--port", port, "--poll", "86400"]
os.execv(sys.executable, [sys.executable, *words])
