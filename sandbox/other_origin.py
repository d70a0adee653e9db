"""Another origin in the same zone: it belongs to nobody's project, and must not be broken."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from sandbox.authorities import Authorities

ADDRESS = "127.0.0.31"
PAGE = b"<!doctype html><title>Status</title><h1>All systems work</h1>\n"


class _Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        return  # a visitor that hangs up is no news


class OtherOrigin:
    """Serves one page over TLS with a publicly trusted certificate, and over plain http."""

    def __init__(
        self, authorities: Authorities, names: tuple[str, ...], *, https_port: int, http_port: int
    ) -> None:
        self.address = ADDRESS
        issued = authorities.public.issue(names)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as directory:
            chain, key = Path(directory) / "chain", Path(directory) / "key"
            chain.write_text(issued.certificate_pem)
            key.write_text(issued.key_pem)
            context.load_cert_chain(chain, key)
        secure, plain = (_Server((ADDRESS, port), _Page) for port in (https_port, http_port))
        secure.socket = context.wrap_socket(
            secure.socket, server_side=True, do_handshake_on_connect=False
        )
        self._servers = (secure, plain)
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
