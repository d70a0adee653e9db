"""Hitch before a plain server."""

import os

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "client-verify = required")),
        lets_in(Setting("requested", tls, "client-verify = optional")),
        lets_in(Setting("not-asked", tls, "client-verify = none")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    return tuple(_command(place, one, port) for one, port in place.ports.items())


def _command(place: Place, setting: Setting, port: int) -> Command:
    path = place.write(f"hitch-{port}.conf", f"""
frontend = "[127.0.0.1]:{port}"
pem-file = "{place.files["both"]}"
backend = "[127.0.0.1]:{place.backend}"
workers = 1
daemon = off
{'user = "nobody"' if os.geteuid() == 0 else ""}
{setting.words}
client-verify-ca = "{place.files["ca"]}"
tls-protos = {" ".join(f"TLSv{version}" for version in dict.fromkeys(setting.versions))}
""")  # fmt: skip
    return Command(("hitch", f"--config={path}"))


HITCH = Kind("hitch", ("hitch",), (*_cases("1.2"), *_cases("1.3")), _commands)
