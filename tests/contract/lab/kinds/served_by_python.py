"""A program: Python's own HTTP server over its own `ssl`, one thread a port.

Arguments: certificate, key, authority, then for each port `PORT MODE OLDEST NEWEST WHEN`, where
MODE is a name of `ssl.VerifyMode` and WHEN is `handshake`, `request` (asks after the handshake, as
TLS 1.3 allows) or `never` (is ready to ask then, and does not).
"""

import ssl
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Page(BaseHTTPRequestHandler):
    """Answers 200."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"hello\n")


class PageForKnown(Page):
    """Asks for a certificate when the request has come."""

    def do_GET(self) -> None:
        tls = self.connection
        assert isinstance(tls, ssl.SSLSocket)
        tls.verify_client_post_handshake()
        tls.do_handshake()
        tls.settimeout(0.2)
        # The certificate comes with no data behind it; what refuses raises anything but this.
        with suppress(TimeoutError):
            tls.recv(1)
        tls.settimeout(5)
        super().do_GET()


def serve(files: list[str], port: str, mode: str, versions: list[str], when: str) -> None:
    """For ever."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[0], files[1])
    context.load_verify_locations(files[2])
    context.verify_mode = ssl.VerifyMode[mode]
    context.minimum_version, context.maximum_version = (ssl.TLSVersion[one] for one in versions)
    context.post_handshake_auth = when != "handshake"
    page = PageForKnown if when == "request" else Page
    server = ThreadingHTTPServer(("127.0.0.1", int(port)), page)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    given, each = sys.argv[1:4], sys.argv[4:]
    for at in range(0, len(each), 5):
        port, mode, oldest, newest, when = each[at : at + 5]
        threading.Thread(target=serve, args=(given, port, mode, [oldest, newest], when)).start()
