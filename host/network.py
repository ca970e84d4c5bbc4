"""The settings for a company's network, which docs/company-network.md describes."""

import os
import ssl
import sys
from urllib.parse import urlsplit

from host.errors import LabError
from host.settings import settings

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")
# Their values become part of the images.
MIRRORS = ("PIP_INDEX_URL", "LAB_APT_MIRROR", "GOPROXY")


def optional_setting(name: str) -> str:
    """Return the value of a setting that .env.example has only as a comment, or an empty string."""
    return os.environ.get(name) or settings().get(name, "")


def without_proxy() -> str:
    """Return the names that must be reached without a proxy. In a terminal, small letters are common, too."""
    return optional_setting("NO_PROXY") or os.environ.get("no_proxy", "")


def environment() -> dict[str, str]:
    """Return the variables for programs on this machine, such as pip and uv, that download something."""
    values = {name: optional_setting(name) for name in PROXIES}
    values |= dict.fromkeys(("NO_PROXY", "no_proxy"), without_proxy())
    values |= dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), settings()["PIP_INDEX_URL"])
    # By default, uv and pip before version 24.2 trust only the authorities in lists of their own.
    values["UV_SYSTEM_CERTS"] = "true"
    if sys.platform == "linux":
        machine = ssl.get_default_verify_paths().cafile
        values["PIP_CERT"] = os.environ.get("PIP_CERT") or machine or ""
    return {name: value for name, value in values.items() if value}


def check() -> None:
    """Raise LabError if a setting cannot work in the stack, or would put a password into an image."""
    for name in PROXIES:
        # Without its scheme, and without a user's name and password.
        address = optional_setting(name).rpartition("@")[2].rpartition("//")[2]
        try:
            host = urlsplit(f"//{address}").hostname or ""
        except ValueError:
            raise LabError(
                f"{name} is not an address like http://proxy.example.org:3128."
            ) from None
        if host in ("localhost", "::1") or host.startswith("127."):
            raise LabError(
                f"{name} is at {host}, but in a container {host} is the container itself. Set {name} to an address of "
                "this machine that containers can reach: see docs/company-network.md. If the lab needs no proxy, put "
                "a # before the line in .env, or type: HTTP_PROXY= HTTPS_PROXY= make up"
            )
    for name in MIRRORS:
        if "@" in settings()[name]:
            raise LabError(
                f"{name} contains a password or a token, which would become part of the images. Set it to an address "
                "that needs none: see docs/company-network.md"
            )
