"""Run `mlflow models serve` until standard input is closed: python tests/inside/model_server.py OPTION …

Prints "ready" once the server answers, or the end of what it printed if it stops before.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

port = sys.argv[sys.argv.index("--port") + 1]
with tempfile.NamedTemporaryFile() as log:
    command = ["mlflow", "models", "serve", *sys.argv[1:]]
    server = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    while server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.2)
        else:
            print("ready", flush=True)
            sys.stdin.read()
            os.killpg(server.pid, signal.SIGKILL)
            break
    else:
        print(Path(log.name).read_text()[-2000:])
