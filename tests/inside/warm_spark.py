"""One Java process of Spark for several scripts, which run one after another."""

import subprocess

from pyspark import SparkConf
from pyspark.java_gateway import launch_gateway

from lab.lessons import lab_root


class WarmSpark:
    """A Java process that PySpark's launch_gateway connects to instead of starting one.

    A Java process has one SparkContext at a time, so each script must stop its own.
    """

    def __init__(self) -> None:
        """Start Java, and wait until it answers."""
        conf = SparkConf(loadDefaults=False)
        conf.set("spark.python.daemon.module", "tests.inside.spark_daemon")
        conf.set("spark.executorEnv.PYTHONPATH", str(lab_root()))
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._gateway = launch_gateway(conf, popen_kwargs=quiet)

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which launch_gateway finds this process."""
        parameters = self._gateway.gateway_parameters
        return {
            "PYSPARK_GATEWAY_PORT": str(parameters.port),
            "PYSPARK_GATEWAY_SECRET": parameters.auth_token,
        }

    def close(self) -> None:
        """End Java, which ends when its standard input is closed."""
        self._gateway.shutdown()
        self._gateway.proc.stdin.close()
        self._gateway.proc.wait()
