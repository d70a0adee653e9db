"""Caddy: the TLS of Go."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "mode require_and_verify")),
        lets_in(Setting("required", tls, "mode require"), "only-asks"),
        lets_in(Setting("requested", tls, "mode verify_if_given")),
        lets_in(Setting("requested", tls, "mode request")),
        lets_in(Setting("not-asked", tls, "")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    sites = "\n".join(_site(place, one, port) for one, port in place.ports.items())
    path = place.write("Caddyfile", f"{{\nadmin off\nauto_https off\n}}\n{sites}\n")
    home = {"XDG_DATA_HOME": str(place.folder), "XDG_CONFIG_HOME": str(place.folder)}
    return (Command(("caddy", "run", "--adapter", "caddyfile", "--config", path), home),)


def _site(place: Place, setting: Setting, port: int) -> str:
    oldest, newest = setting.versions
    asks = f"client_auth {{\n{setting.words}\ntrusted_ca_cert_file {place.files['ca']}\n}}"
    return f"""https://www.example.com:{port} {{
bind 127.0.0.1
tls {place.files["cert"]} {place.files["key"]} {{
protocols tls{oldest} tls{newest}
{asks if setting.words else ""}
}}
respond "hello"
}}"""


CADDY = Kind("caddy", ("caddy",), (*_cases("1.2"), *_cases("1.3")), _commands)
