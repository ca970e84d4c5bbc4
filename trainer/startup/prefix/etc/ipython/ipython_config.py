"""Every IPython of this environment, notebook kernels too, explains its failures: see lab/explain.py."""

c = get_config()  # noqa: F821
c.InteractiveShellApp.extensions.append("lab.explain")
