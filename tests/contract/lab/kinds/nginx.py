"""nginx: HTTP answers about the certificate, and a stream that only ends."""

from steps.origin.reasons import Reason, Verdict
from tests.contract.lab.case import (
    Case,
    Command,
    Kind,
    Place,
    Setting,
    Tls,
    closed,
    lets_in,
    only_ends,
)

_ONE = {"1.2": "TLSv1.2", "1.3": "TLSv1.3", "both": "TLSv1.2 TLSv1.3"}
_AUTHORITIES = {"two authorities": "cas", "public authorities": "public"}
_EACH: tuple[Tls, Tls] = ("1.2", "1.3")
_DROP = "ssl_verify_client on; error_page 495 496 = @drop; location @drop { return 444; }"
_PUBLIC: tuple[tuple[Verdict, Reason, bool], ...] = (
    ("closed", "refused-by-http", False), ("open", "other-authorities", True),
)  # fmt: skip
_HTTP_CASES = (
    *(closed(Setting("required", tls, "ssl_verify_client on;"), "refused-by-http")
      for tls in (*_EACH, "both")),
    *(lets_in(Setting("requested", tls, "ssl_verify_client optional;")) for tls in _EACH),
    *(lets_in(Setting("requested", tls, "ssl_verify_client optional_no_ca;")) for tls in _EACH),
    *(lets_in(Setting("not-asked", tls, "ssl_verify_client off;")) for tls in _EACH),
    closed(Setting("required", "both", "http2; ssl_verify_client on;"), "refused-by-http"),
    lets_in(Setting("requested", "both", "http2; ssl_verify_client optional;")),
    *(case for tls in _EACH for case in only_ends(Setting("required", tls, _DROP))),
    lets_in(Setting("requested", "both", "ssl_verify_client optional; "
                    "if ($ssl_client_verify != SUCCESS) { return 403; }")),
    Case(Setting("required", "both", "ssl_verify_client on; # one authority"),
         "closed", "refused-by-http", our_ca=True),
    Case(Setting("required", "both", "ssl_verify_client on; # two authorities"),
         "open", "other-authorities", our_ca=True),
    *(Case(Setting("required", "both", "ssl_verify_client on; # public authorities"),
           verdict, reason, our_ca=our_ca, works=False)
      for verdict, reason, our_ca in _PUBLIC),
    Case(Setting("not-asked", "both", "ssl_reject_handshake on; # another name"),
         "inconclusive", "unknown-host", works=False),
    # For all that can be seen, a page of its own is an application's.
    lets_in(Setting("required", "both", "ssl_verify_client on; error_page 495 496 @own; "
                    'location @own { return 403 "your certificate, please"; }')),
)  # fmt: skip
_STREAM_CASES = (
    *(case for tls in _EACH
      for case in only_ends(Setting("required", tls, "ssl_verify_client on;"))),
    lets_in(Setting("requested", "both", "ssl_verify_client optional;")),
    lets_in(Setting("not-asked", "both", "ssl_verify_client off;")),
)  # fmt: skip
_STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so"


def _http(place: Place) -> tuple[Command, ...]:
    servers = "\n".join(_server(place, one, port) for one, port in place.ports.items())
    return _nginx(place, f"http {{ access_log off;\n{_temporary(place)}\n{servers} }}")


def _stream(place: Place) -> tuple[Command, ...]:
    servers = "\n".join(
        f"server {{ listen 127.0.0.1:{port} ssl; {_tls(place, one)} {one.words}"
        f" proxy_pass 127.0.0.1:{place.backend}; }}"
        for one, port in place.ports.items()
    )
    return _nginx(place, f"stream {{ {servers} }}", f"load_module {_STREAM_MODULE};")


def _nginx(place: Place, block: str, first: str = "") -> tuple[Command, ...]:
    text = (
        f"{first}\ndaemon off; master_process off; pid {place.folder}/nginx.pid;\n"
        f"error_log stderr error; events {{ }}\n{block}\n"
    )
    prefix = str(place.folder)
    path = place.write("nginx.conf", text)
    return (Command(("nginx", "-p", prefix, "-e", "stderr", "-c", path)),)


def _temporary(place: Place) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {place.folder}/{kind};" for kind in kinds)


def _tls(place: Place, setting: Setting) -> str:
    files = place.files
    _, _, which = setting.words.partition("# ")
    authorities = files[_AUTHORITIES.get(which, "ca")]
    return (
        f"ssl_certificate {files['cert']}; ssl_certificate_key {files['key']};"
        f" ssl_client_certificate {authorities}; ssl_protocols {_ONE[setting.tls]};"
    )


def _server(place: Place, setting: Setting, port: int) -> str:
    h2 = " http2" if "http2;" in setting.words else ""
    words = setting.words.replace("http2; ", "").partition("#")[0]
    return (
        f"server {{ listen 127.0.0.1:{port} ssl{h2}; {_tls(place, setting)} {words}"
        ' location / { return 200 "hello\\n"; } }'
    )


NGINX = Kind("nginx", ("nginx",), _HTTP_CASES, _http)
NGINX_STREAM = Kind("nginx stream", ("nginx", _STREAM_MODULE), _STREAM_CASES, _stream)
