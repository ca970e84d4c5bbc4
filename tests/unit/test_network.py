"""The settings for a company's network, on this machine."""

import pytest

from host import embedded, network
from host.errors import LabError

PROXY = "http://proxy.example.org:3128"


@pytest.fixture
def written(root, monkeypatch):
    """A function that writes the lines of .env."""
    # In .env.example, these are comments.
    for name in (*network.PROXIES, "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CERT", "/certificates.pem")
    return lambda *lines: (root / ".env").write_text("\n".join(lines))


def test_without_settings_pip_and_uv_only_trust_what_the_machine_trusts(written):
    written()
    assert network.environment() == {"UV_SYSTEM_CERTS": "true", "PIP_CERT": "/certificates.pem"}


def test_the_settings_of_env_reach_pip_and_uv(written):
    index = "https://packages.example.org/simple"
    written(f"HTTPS_PROXY={PROXY}", "NO_PROXY=.example.org", f"PIP_INDEX_URL={index}")
    environment = network.environment()
    assert environment["HTTPS_PROXY"] == PROXY
    assert "HTTP_PROXY" not in environment
    assert environment["NO_PROXY"] == environment["no_proxy"] == ".example.org"
    assert environment["PIP_INDEX_URL"] == environment["UV_DEFAULT_INDEX"] == index


def test_the_lab_s_own_servers_are_asked_without_a_proxy(written, monkeypatch):
    written()
    monkeypatch.setenv("no_proxy", ".example.org")
    assert network.without_proxy() == ".example.org"
    environment = embedded.environment()
    assert environment["NO_PROXY"] == "localhost,127.0.0.1,.example.org"
    assert environment["no_proxy"] == environment["NO_PROXY"]


@pytest.mark.parametrize(
    "address",
    ["http://localhost:3128", "127.0.0.1:3128", "http://[::1]:3128", "http://a:b//c@127.1.2.3:1/"],
)
def test_a_proxy_at_localhost_is_refused_for_the_stack(written, address):
    written(f"HTTPS_PROXY={address}")
    with pytest.raises(LabError, match="is the container itself") as error:
        network.check()
    assert "b//c" not in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("HTTP_PROXY=http://[::1:3128", "HTTP_PROXY is not an address"),
        ("PIP_INDEX_URL=https://me:token@example.org/simple", "PIP_INDEX_URL contains a password"),
    ],
)
def test_what_cannot_work_or_would_give_a_password_away_is_refused(written, line, message):
    written(line)
    with pytest.raises(LabError, match=message) as error:
        network.check()
    assert "token@" not in str(error.value)


def test_a_variable_of_the_terminal_wins_over_env(written, monkeypatch):
    written("HTTP_PROXY=http://localhost:1")
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    network.check()
    assert network.environment()["HTTP_PROXY"] == PROXY
