"""JupyterLab is looked at in a browser."""

from tests.chromium import browser as browser
