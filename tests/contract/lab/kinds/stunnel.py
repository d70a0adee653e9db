"""stunnel before a plain server: it sends alerts of its own choice."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in

_EACH: tuple[Tls, Tls] = ("1.2", "1.3")


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "verifyChain = yes; requireCert = yes")),
        closed(Setting("required", tls, "verify = 2")),
        lets_in(Setting("requested", tls, "verifyChain = yes; requireCert = no")),
        lets_in(Setting("requested", tls, "verify = 1")),
        lets_in(Setting("not-asked", tls, "verifyChain = no")),
        lets_in(Setting("requested", tls, "verify = 0")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    services = "\n".join(
        f"[s{number}]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{place.backend}\n"
        f"cert = {place.files['cert']}\nkey = {place.files['key']}\nCAfile = {place.files['ca']}\n"
        f"sslVersionMin = TLSv{one.versions[0]}\nsslVersionMax = TLSv{one.versions[1]}\n"
        + one.words.replace("; ", "\n")
        for number, (one, port) in enumerate(place.ports.items())
    )
    path = place.write("stunnel.conf", f"foreground = yes\npid =\nsyslog = no\n{services}\n")
    return (Command(("stunnel4", path)),)


STUNNEL = Kind("stunnel", ("stunnel4",), (*_cases("1.2"), *_cases("1.3")), _commands)
