"""One Java process of Spark that several scripts use, one after another."""

import subprocess

from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway

from lab.lessons import lab_root


class WarmSpark:
    """A Java process that PySpark connects to instead of starting one.

    It has one SparkContext at a time, so each script must stop its session before the next script starts.
    """

    def __init__(self) -> None:
        """Start Java and wait until it answers."""
        conf = SparkConf(loadDefaults=False)
        conf.set("spark.python.daemon.module", "tests.inside.spark_daemon")
        conf.set("spark.executorEnv.PYTHONPATH", str(lab_root()))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._gateway = launch_gateway(conf, popen_kwargs=quiet)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which PySpark finds this process."""
        parameters = self._gateway.gateway_parameters
        return {
            "PYSPARK_GATEWAY_PORT": str(parameters.port),
            "PYSPARK_GATEWAY_SECRET": parameters.auth_token,
        }

    def close(self) -> None:
        """Stop Java by closing its standard input."""
        self._gateway.shutdown()
        self._gateway.proc.stdin.close()
        self._gateway.proc.wait()
