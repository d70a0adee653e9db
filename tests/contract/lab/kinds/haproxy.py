"""HAProxy: alerts where it requires, and rules that refuse in other ways."""

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

_EACH: tuple[Tls, Tls] = ("1.2", "1.3")
_NONE = "http-request {} if !{{ ssl_c_used }}"


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "verify required")),
        lets_in(Setting("requested", tls, "verify optional")),
        lets_in(Setting("not-asked", tls, "verify none")),
        lets_in(Setting("required", tls, "verify required crt-ignore-err all"), "only-asks"),
        lets_in(Setting("requested", tls, f"verify optional; {_NONE.format('deny')}")),
        *only_ends(Setting("requested", tls, f"verify optional; {_NONE.format('reject')}")),
    )


_CASES = (
    *_cases("1.2"), *_cases("1.3"),
    closed(Setting("required", "both", "verify required alpn h2,http/1.1")),
    closed(Setting("required", "both", "verify required alpn h2", http="h2")),
    lets_in(Setting("requested", "both", "verify optional alpn h2", http="h2")),
    lets_in(Setting("not-asked", "both", "verify none alpn h2", http="h2")),
    *only_ends(Setting("requested", "both", f"verify optional alpn h2; {_NONE.format('reject')}",
                       http="h2")),
)  # fmt: skip


def _commands(place: Place) -> tuple[Command, ...]:
    servers = "\n".join(
        _server(place, one, port, number) for number, (one, port) in enumerate(place.ports.items())
    )
    path = place.write("haproxy.cfg", f"""
global
  tune.ssl.default-dh-param 2048
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
{servers}
""")  # fmt: skip
    return (Command(("haproxy", "-db", "-f", path)),)


def _server(place: Place, setting: Setting, port: int, number: int) -> str:
    bind, _, rule = setting.words.partition("; ")
    oldest, newest = setting.versions
    return f"""
frontend f{number}
  bind 127.0.0.1:{port} ssl crt {place.files["both"]} ca-file {place.files["ca"]} {bind} \
ssl-min-ver TLSv{oldest} ssl-max-ver TLSv{newest}
  {rule}
  http-request return status 200 content-type text/plain string hello"""


HAPROXY = Kind("haproxy", ("haproxy",), _CASES, _commands)
