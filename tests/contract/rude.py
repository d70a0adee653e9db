"""Servers without manners, beyond those of `origins`: what they do once TLS is under way."""

import ssl
import time
from contextlib import suppress
from socket import socket

from tests.contract import origins
from tests.contract.origins import Asks, Behaviour

_ALERT, _FATAL = 21, 2  # RFC 5246, sections 6.2.1 and 7.2


def ends_handshake_with(alert: int, asks: Asks) -> Behaviour:
    """TLS 1.2: hear all that the client says in the handshake, then send this alert and end.

    Before the ciphers change an alert goes over in the clear, so that any can be sent.
    """
    made = origins.context(asks, ssl.TLSVersion.TLSv1_2)

    def behave(conn: socket) -> None:
        came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = made.wrap_bio(came, goes, server_side=True)
        came.write(conn.recv(65536))
        with suppress(ssl.SSLWantReadError):
            tls.do_handshake()
        conn.sendall(goes.read())
        conn.recv(65536)
        conn.sendall(bytes([_ALERT, 3, 3, 0, 2, _FATAL, alert]))

    return behave


def drips(data: bytes, pause: float) -> Behaviour:
    """Say one byte after the other, then end."""

    def behave(conn: socket) -> None:
        conn.recv(65536)
        for byte in data:
            conn.sendall(bytes([byte]))
            time.sleep(pause)

    return behave
