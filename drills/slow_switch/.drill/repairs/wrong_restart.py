"""Restart the service.

The check must say: that it found when it started
"""

import subprocess
import sys

subprocess.run([sys.executable, "-m", "lab", "drill", "restart"], check=True)
