"""Restart the service.

The check must say: The service answered the registry's call with status 401
"""

import subprocess
import sys

subprocess.run([sys.executable, "-m", "lab", "drill", "restart"], check=True)
