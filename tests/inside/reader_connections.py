"""Open up to 50 connections with the reader's account, then log a run: python -m tests.inside.reader_connections

Prints how many connections Postgres allowed, and the error with which it refused the next one.
"""

import mlflow
import psycopg2

connections = []
try:
    while len(connections) < 50:
        connections.append(psycopg2.connect(""))
except psycopg2.OperationalError as error:
    print(len(connections), error)
mlflow.set_experiment("readers")
with mlflow.start_run():
    mlflow.log_metric("loss", 1)
