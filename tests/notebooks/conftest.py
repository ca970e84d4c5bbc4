"""JupyterLab is looked at in a browser."""

from tests.support.chromium import browser as browser
