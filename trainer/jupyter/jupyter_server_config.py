"""JupyterLab in the lab, the same in both modes; JUPYTER_CONFIG_PATH names this folder."""

import os
import sys
from pathlib import Path

from ipykernel import kernelspec

# An empty token would mean to Jupyter that nobody needs one.
token = os.environ.get("JUPYTER_TOKEN", "")
if len(token) < 8 or token.startswith("change-me-"):
    sys.exit(
        "JUPYTER_TOKEN in .env is missing, too short or the example's: give it 8 characters or more of your own."
    )

c = get_config()  # noqa: F821
c.ServerApp.open_browser = False
# Not the next one that is free: the address that was announced.
c.ServerApp.port_retries = 0
# Under any other name a page of a stranger could have made the browser come here.
c.ServerApp.allow_remote_access = False
c.ServerApp.local_hostnames = ["localhost", "127.0.0.1"]
# Without Docker a learner may be root, as in a CI job; the container's is not.
c.ServerApp.allow_root = True
# `make shell` opens the same shell. JupyterLab's own choice, a login shell, would not find `lab`.
bashrc = Path(__file__).resolve().parents[1] / "bashrc"
c.ServerApp.terminado_settings = {"shell_command": ["bash", "--rcfile", str(bashrc)]}
# It asks nobody for news.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"

# The kernel that comes with Jupyter is just "python", which Jupytext does not take for this one, so that
# JupyterLab would ask for a kernel whenever a lesson is opened. This one says where its Python is.
kernelspec.install(user=True, kernel_name="lab", display_name="Python of the lab")
c.KernelSpecManager.allowed_kernelspecs = {"lab"}
c.MultiKernelManager.default_kernel_name = "lab"
