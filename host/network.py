"""The settings for a company's network, which docs/company-network.md describes."""

import os
from urllib.parse import urlsplit

from host.errors import LabError
from host.settings import settings

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY")


def setting(name: str) -> str:
    """Return the value of a setting that .env.example has only as a comment, or an empty string."""
    return os.environ.get(name) or settings().get(name, "")


def environment() -> dict[str, str]:
    """Return the variables for programs on this machine, such as pip and uv, that download something."""
    values = {name: setting(name) for name in PROXIES}
    values |= dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), settings()["PIP_INDEX_URL"])
    # The lab's own servers are not asked through a proxy.
    direct = ",".join(filter(None, ["localhost,127.0.0.1", setting("NO_PROXY")]))
    values |= dict.fromkeys(("NO_PROXY", "no_proxy"), direct)
    # By default, uv trusts only the authorities in a list of its own. pip trusts this machine's, too.
    values["UV_SYSTEM_CERTS"] = "true"
    return {name: value for name, value in values.items() if value}


def check_proxies() -> None:
    """Raise LabError if a proxy's address is one of `localhost`, which in a container means the container itself."""
    for name in PROXIES:
        # Without its scheme, and without a user's name and password.
        address = setting(name).rpartition("@")[2].rpartition("//")[2]
        host = urlsplit(f"//{address}").hostname or ""
        if host in ("localhost", "::1") or host.startswith("127."):
            raise LabError(
                f"{name} is at {host}, but in a container {host} is the container itself. Set {name} to an address of "
                "this machine that containers can reach: see docs/company-network.md. If the lab needs no proxy, "
                "type: HTTP_PROXY= HTTPS_PROXY= make up"
            )
