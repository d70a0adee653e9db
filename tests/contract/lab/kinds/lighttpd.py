"""lighttpd with each of its TLS libraries: the same words, refusals that differ.

GnuTLS and mbedTLS send no alert, wolfSSL none under TLS 1.2, and with GnuTLS `disable` refuses
who has none and takes any.
(mod_nss of Debian does not read the authority and is left out.)
"""

from functools import partial

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

_ON = 'ssl.verifyclient.activate = "enable"'
_REQUIRED = f'{_ON}; ssl.verifyclient.enforce = "enable"'
_REQUESTED = f'{_ON}; ssl.verifyclient.enforce = "disable"'
_EACH: tuple[Tls, Tls] = ("1.2", "1.3")


def _required(tls: Tls, *, silent: bool) -> tuple[Case, ...]:
    setting = Setting("required", tls, _REQUIRED)
    # Mbed TLS now and then reads on after what is missing, and then sends decode_error.
    return only_ends(setting, "refused-by-alert") if silent else (closed(setting),)


def _cases(module: str, tls: Tls) -> tuple[Case, ...]:
    """What is the same for all, but for who refuses without a word."""
    silent = {"gnutls": _EACH, "mbedtls": _EACH, "wolfssl": ("1.2",)}.get(module, ())
    requested = Setting("requested", tls, _REQUESTED)
    return (
        *_required(tls, silent=tls in silent),
        lets_in(requested, "only-asks" if module == "gnutls" else "answered"),
        lets_in(Setting("not-asked", tls, "")),
    )


def _commands(module: str, place: Place) -> tuple[Command, ...]:
    root = place.folder / "root"
    root.mkdir(exist_ok=True)
    (root / "index.html").write_text("hello\n")
    servers = "\n".join(_server(place, one, port) for one, port in place.ports.items())
    path = place.write("lighttpd.conf", f"""
server.modules = ("mod_{module}")
server.document-root = "{root}"
server.errorlog = "/dev/stderr"
index-file.names = ("index.html")
mimetype.assign = (".html" => "text/html")
server.bind = "127.0.0.1"
server.port = {next(iter(place.ports.values()))}
{servers}
""")  # fmt: skip
    return (Command(("lighttpd", "-D", "-f", path)),)


def _server(place: Place, setting: Setting, port: int) -> str:
    oldest, newest = setting.versions
    return f"""
$SERVER["socket"] == "127.0.0.1:{port}" {{
  ssl.engine = "enable"
  ssl.pemfile = "{place.files["chain"]}"
  ssl.privkey = "{place.files["key"]}"
  ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "TLSv{oldest}", "MaxProtocol" => "TLSv{newest}")
  ssl.verifyclient.ca-file = "{place.files["ca"]}"
  {setting.words.replace("; ", chr(10))}
}}"""


def _kind(module: str, versions: tuple[Tls, ...] = _EACH) -> Kind:
    return Kind(
        f"lighttpd mod_{module}", ("lighttpd", f"/usr/lib/lighttpd/mod_{module}.so"),
        tuple(case for tls in versions for case in _cases(module, tls)),
        partial(_commands, module),
    )  # fmt: skip


LIGHTTPDS = (_kind("openssl"), _kind("gnutls"), _kind("mbedtls", ("1.2",)), _kind("wolfssl"))
