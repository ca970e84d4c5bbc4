"""The lab's stack beside MLflow's published one, measured on this machine. It runs on the host."""
