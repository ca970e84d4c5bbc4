"""Say what is missing for lesson 07 on this machine. The lab runs this before the lesson.

Exit status 77: PySpark or Java is missing, so the lesson cannot run here. 1: the cluster does not answer.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path


def left_out(why):
    """Print what is missing, and end with the exit status for a lesson that cannot run here."""
    print(f"Lesson 07 is left out: {why}", file=sys.stderr)
    sys.exit(77)


if not find_spec("pyspark"):
    left_out("pyspark is not installed here. On your own machine: make lesson-07")

java_home = os.environ.get("JAVA_HOME")
java = shutil.which("java", path=str(Path(java_home, "bin")) if java_home else None)
# A Mac without Java has a command with this name, too. It only prints that there is no Java.
printed = java and subprocess.run([java, "-version"], text=True, capture_output=True).stderr
version = re.search(r'version "(\d+)', printed or "")
if not version or int(version[1]) < 17:
    left_out(
        f"Spark needs Java 17 or newer, {f'{java} is {version[1]}' if version else 'and finds none'}"
        f"{' in JAVA_HOME, which is ' + java_home if java_home else ''}. "
        "Debian, Ubuntu: apt install openjdk-21-jre-headless. macOS: brew install openjdk@21. "
        "Then: make lesson-07"
    )

master = os.environ.get("SPARK_MASTER_URL", "local[*]")
for host, port in re.findall(r"([^/,]+):(\d+)", master):
    # Spark itself would try for a minute, and then print a hundred lines.
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except OSError as error:
        sys.exit(
            f"No Spark master answers at SPARK_MASTER_URL={master}: {error}. Start it on your own "
            "machine: docker compose --profile spark up --build --wait"
        )
