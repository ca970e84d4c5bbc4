"""Print a page of the service: status, metrics or ready.

python drills/slow_switch/page.py status
"""

import os
import sys

import requests

address = os.environ.get("LAB_DRILL_SERVICE") or "http://127.0.0.1:8082"
page = sys.argv[1] if len(sys.argv) > 1 else "status"
print(requests.get(f"{address}/{page}", timeout=30).text)
