from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from refusal import RefusedSocketError

RESOLVE = "import socket; socket.getaddrinfo('127.0.0.1', 80)"


def test_connecting_and_listening_are_refused() -> None:
    with socket.socket() as unconnected, pytest.raises(RefusedSocketError):
        unconnected.connect(("127.0.0.1", 9))
    with socket.socket() as unbound, pytest.raises(RefusedSocketError):
        unbound.bind(("127.0.0.1", 0))


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(RefusedSocketError):
        socket.getaddrinfo("localhost", 80)


def test_a_process_that_a_test_starts_is_refused_too() -> None:
    told = subprocess.run([sys.executable, "-c", RESOLVE], capture_output=True, check=False)
    assert b"RefusedSocketError" in told.stderr


@pytest.mark.network
def test_a_test_with_the_mark_may_use_sockets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
    subprocess.run([sys.executable, "-c", RESOLVE], check=True)
