"""A port is free if no program uses it at any address that `localhost` can mean."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from host import ports
from host.errors import LabError
from host.ports import PORTS, check_free, free_ports, page

SETTINGS = [port.setting for port in PORTS]


@contextmanager
def listener(address: str, number: str) -> Iterator[None]:
    """Listen at one address of `localhost`, and not at the other one."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, int(number)), family=family):
        yield


@pytest.mark.parametrize("address", ports.LOOPBACK)
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_program_at_either_address_of_localhost_is_reported(monkeypatch, setting, address):
    [number] = free_ports(1)
    monkeypatch.setenv(setting, number)
    check_free(setting)
    refused = pytest.raises(LabError, match=f"Port {number} cannot be used .*{setting} in .env")
    with listener(address, number), refused:
        check_free(setting)
    check_free(setting)


def test_a_program_at_all_addresses_is_reported(monkeypatch):
    """As AirPlay Receiver on macOS, where a server may listen at 127.0.0.1 at the same time."""
    [number] = free_ports(1)
    monkeypatch.setenv("MLFLOW_PORT", number)
    monkeypatch.setattr(ports, "bind_problem", lambda number: None)
    everywhere = ("", int(number))
    refused = pytest.raises(LabError, match=r"answers at 127\.0\.0\.1")
    with socket.create_server(everywhere, family=socket.AF_INET6, dualstack_ipv6=True), refused:
        check_free("MLFLOW_PORT")


@pytest.mark.parametrize(
    ("system", "number", "is_named"),
    [("darwin", "5000", True), ("darwin", "5001", False), ("linux", "5000", False)],
)
def test_airplay_is_named_where_it_is_probable(monkeypatch, system, number, is_named):
    monkeypatch.setenv("MLFLOW_PORT", number)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(ports, "answers", lambda address, number: address == "::1")
    monkeypatch.setattr(ports, "bind_problem", lambda number: None)
    with pytest.raises(LabError, match="answers at ::1") as refused:
        check_free("MLFLOW_PORT")
    advice = (
        "AirPlay Receiver, which you can turn off in System Settings, General, AirDrop & Handoff"
    )
    assert (advice in str(refused.value)) == is_named


def test_a_machine_without_ipv6_has_free_ports(monkeypatch):
    [number] = free_ports(1)
    monkeypatch.setenv("MLFLOW_PORT", number)
    # No machine has this address, as a machine without IPv6 has no ::1.
    monkeypatch.setattr(ports, "LOOPBACK", ("127.0.0.1", "2001:db8::1"))
    check_free("MLFLOW_PORT")


def test_the_address_that_is_printed_leads_to_the_lab_also_if_localhost_does_not(monkeypatch):
    [number] = free_ports(1)
    monkeypatch.setenv("MLFLOW_PORT", number)
    with listener("127.0.0.1", number):
        assert page("MLFLOW_PORT") == f"http://localhost:{number}"
        with listener("::1", number):
            assert page("MLFLOW_PORT") == f"http://127.0.0.1:{number}"


def test_free_ports_are_free_at_both_addresses(monkeypatch):
    taken, free = free_ports(2)
    numbers = iter([taken, free])

    class Probe(socket.socket):
        """The first one gets a port that another program uses at ::1."""

        def bind(self, address):
            super().bind(address if address[1] else (address[0], int(next(numbers))))

    monkeypatch.setattr(ports.socket, "socket", Probe)
    with listener("::1", taken):
        assert free_ports(1) == [free]
