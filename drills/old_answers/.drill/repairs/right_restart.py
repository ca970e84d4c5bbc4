"""Restart the service."""

import subprocess
import sys

subprocess.run([sys.executable, "-m", "lab", "drill", "restart"], check=True)
