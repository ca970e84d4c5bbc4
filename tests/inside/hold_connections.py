"""Open connections to Postgres as the server does, as many as it gives, and hold them for some seconds.

    … python - SECONDS < tests/inside/hold_connections.py

Prints the error with which Postgres refused the last one. It runs in the server's container, which
does not have the checkout and reads the script from stdin.
"""

import sys
import time

import psycopg2

connections, end = [], time.monotonic() + float(sys.argv[1])
refusal = ""
while time.monotonic() < end:
    try:
        connections.append(psycopg2.connect(host="postgres", dbname="mlflow", user="mlflow"))
    except psycopg2.OperationalError as error:
        refusal = str(error)
        time.sleep(0.05)
print(refusal)
