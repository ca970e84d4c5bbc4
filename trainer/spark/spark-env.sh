# Spark's start scripts read this file. It sends what a driver's Java process prints to the file spark.log in LAB_OUTPUT,
# so that a lesson prints only its own results. PySpark sets the variable below for that process; masters and workers
# do not have it. If stdout and stderr are the same file already, the script has chosen its own file.
if [ -n "$_PYSPARK_DRIVER_CONN_INFO_PATH" ] && ! { [ -f /dev/stdout ] && [ /dev/stdout -ef /dev/stderr ]; }; then
  if mkdir -p "${LAB_OUTPUT:-output}" && [ -w "${LAB_OUTPUT:-output}" ]; then
    exec >"${LAB_OUTPUT:-output}/spark.log" 2>&1
  fi
fi
