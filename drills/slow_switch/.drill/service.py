"""Start examples/05_serving/service.py with the settings in the file service.env."""

import os
import sys

from lab.drilling import service

name = "drill_slow_switch"
port = sys.argv[sys.argv.index("--port") + 1]
# In the stack, the registry runs on another machine. It calls this machine by its address in the stack's network.
host = "127.0.0.1" if service.address_for_registry().startswith("127.") else "0.0.0.0"  # noqa: S104
settings = service.settings_file(name).read_text(encoding="utf-8")
for number, line in enumerate(settings.splitlines(), start=1):
    if not line.strip():
        continue
    key, separator, value = (part.strip() for part in line.partition("="))
    if not key or not separator:
        sys.exit(f"Line {number} of service.env does not have the form NAME=value.")
    os.environ[key] = value.strip("\"'")
script = "examples/05_serving/service.py"
arguments = [f"models:/{name}@champion", "--host", host, "--port", port, "--poll", "86400"]
os.execv(sys.executable, [sys.executable, script, *arguments])
