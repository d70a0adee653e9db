"""Apache: whole servers, and places inside one that ask only when the request has come.

In a place it renegotiates under TLS 1.2 and authenticates after the handshake under TLS 1.3; then
a client that did not offer the latter gets a 403 and never hears that it was asked.
"""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in

_VERSIONS = {"1.2": "TLSv1.2", "1.3": "TLSv1.3", "both": "+TLSv1.2 +TLSv1.3"}
_MODULES = ("mpm_event", "authz_core", "socache_shmcb", "ssl", "http2", "dir")
_EACH: tuple[Tls, Tls] = ("1.2", "1.3")
_IN_PLACE = '<Location "/">SSLVerifyClient {}</Location>'
_ELSEWHERE = '<Location "/admin">SSLVerifyClient require</Location>'


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "SSLVerifyClient require")),
        lets_in(Setting("requested", tls, "SSLVerifyClient optional")),
        lets_in(Setting("requested", tls, "SSLVerifyClient optional_no_ca")),
        lets_in(Setting("not-asked", tls, "SSLVerifyClient none")),
        closed(Setting("required", tls, _IN_PLACE.format("require"))),
        lets_in(Setting("requested", tls, _IN_PLACE.format("optional"))),
        lets_in(Setting("not-asked", tls, _ELSEWHERE)),
    )


_CASES = (
    *_cases("1.2"), *_cases("1.3"),
    closed(Setting("required", "both", "Protocols h2 http/1.1; SSLVerifyClient require")),
    lets_in(Setting("requested", "both", "Protocols h2 http/1.1; SSLVerifyClient optional")),
    closed(Setting("required", "both", "Protocols h2 http/1.1; " + _IN_PLACE.format("require"))),
    *(lets_in(Setting("requested", tls, "SSLVerifyClient optional; "
                      "<Location />Require ssl-verify-client</Location>")) for tls in _EACH),
)  # fmt: skip


def _commands(place: Place) -> tuple[Command, ...]:
    modules = "\n".join(
        f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in _MODULES
    )
    root = place.folder / "root"
    root.mkdir(exist_ok=True)
    (root / "index.html").write_text("hello\n")
    servers = "\n".join(_server(place, one, port) for one, port in place.ports.items())
    path = place.write("apache.conf", f"""
ServerRoot {place.folder}
DefaultRuntimeDir {place.folder}
PidFile {place.folder}/apache.pid
ServerName www.example.com
ErrorLog /dev/stderr
LogLevel info
StartServers 1
{modules}
DocumentRoot {root}
DirectoryIndex index.html
SSLSessionCache none
{servers}
""")  # fmt: skip
    return (Command(("apache2", "-X", "-f", path)),)


def _server(place: Place, setting: Setting, port: int) -> str:
    words = setting.words.replace("<Location />", "<Location />\n").replace('/">', '/">\n')
    words = words.replace('admin">', 'admin">\n').replace("</Location>", "\n</Location>")
    return f"""
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
SSLEngine on
SSLProtocol {_VERSIONS[setting.tls]}
SSLCertificateFile {place.files["cert"]}
SSLCertificateKeyFile {place.files["key"]}
SSLCACertificateFile {place.files["ca"]}
{words.replace("; ", chr(10))}
</VirtualHost>"""


APACHE = Kind("apache", ("apache2",), _CASES, _commands)
