"""Open connections to Postgres as the server does, as many as it gives, and hold them for some seconds.

    … python - SECONDS < tests/inside/hold_connections.py

Prints the error with which Postgres refused one, and then holds the others. It runs in the server's
container, which does not have the checkout and reads the script from stdin.
"""

import sys
import time

import psycopg2

connections: list[psycopg2.extensions.connection] = []
refused, end = False, time.monotonic() + 120
while time.monotonic() < end:
    try:
        connections.append(psycopg2.connect(host="postgres", dbname="mlflow", user="mlflow"))
    except psycopg2.OperationalError as error:
        if not refused:
            print(str(error).replace("\n", " "), flush=True)
            refused, end = True, time.monotonic() + float(sys.argv[1])
        time.sleep(0.05)
