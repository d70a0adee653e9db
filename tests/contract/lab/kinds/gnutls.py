"""`gnutls-serv`: GnuTLS, which asks unless told not to."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "--require-client-cert --verify-client-cert")),
        lets_in(Setting("required", tls, "--require-client-cert"), "only-asks"),
        lets_in(Setting("requested", tls, "")),
        lets_in(Setting("not-asked", tls, "--disable-client-cert")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    return tuple(_command(place, one, port) for one, port in place.ports.items())


def _command(place: Place, setting: Setting, port: int) -> Command:
    files = place.files
    priority = f"NORMAL:-VERS-ALL:+VERS-TLS{setting.tls}"
    return Command((
        "gnutls-serv", "--http", "--quiet", f"--port={port}", f"--priority={priority}",
        f"--x509certfile={files['cert']}", f"--x509keyfile={files['key']}",
        f"--x509cafile={files['ca']}", *setting.words.split(),
    ))  # fmt: skip


GNUTLS = Kind("gnutls-serv", ("gnutls-serv",), (*_cases("1.2"), *_cases("1.3")), _commands)
