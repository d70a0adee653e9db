"""socat before a plain server: OpenSSL with hardly anything around it."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "verify=1")),
        lets_in(Setting("not-asked", tls, "verify=0")),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    return tuple(
        Command((
            "socat",
            f"OPENSSL-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr,{one.words},"
            f"openssl-min-proto-version=TLS{one.versions[0]},"
            f"openssl-max-proto-version=TLS{one.versions[1]},"
            f"cert={place.files['both']},cafile={place.files['ca']}",
            f"TCP:127.0.0.1:{place.backend}",
        ))
        for one, port in place.ports.items()
    )  # fmt: skip


SOCAT = Kind("socat", ("socat",), (*_cases("1.2"), *_cases("1.3")), _commands)
