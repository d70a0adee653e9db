"""nghttpd, which speaks HTTP/2 only, and the proxy nghttpx."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in

_SERVER = (
    lets_in(Setting("required", "both", "--verify-client", http="h2"), "only-asks"),
    lets_in(Setting("not-asked", "both", "", http="h2")),
)


def _proxy_cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "--verify-client")),
        lets_in(Setting("not-asked", tls, "")),
    )


def _servers(place: Place) -> tuple[Command, ...]:
    (place.folder / "index.html").write_text("hello\n")
    return tuple(
        Command((
            "nghttpd", "--address=127.0.0.1", f"--htdocs={place.folder}", *one.words.split(),
            str(port), str(place.files["key"]), str(place.files["cert"]),
        ))
        for one, port in place.ports.items()
    )  # fmt: skip


def _proxies(place: Place) -> tuple[Command, ...]:
    return tuple(
        Command((
            "nghttpx", "--conf=/dev/null", "--workers=1", f"--frontend=127.0.0.1,{port}",
            f"--backend=127.0.0.1,{place.backend}", f"--verify-client-cacert={place.files['ca']}",
            f"--tls-min-proto-version=TLSv{one.versions[0]}",
            f"--tls-max-proto-version=TLSv{one.versions[1]}", *one.words.split(),
            str(place.files["key"]), str(place.files["cert"]),
        ))
        for one, port in place.ports.items()
    )  # fmt: skip


NGHTTPD = Kind("nghttpd", ("nghttpd",), _SERVER, _servers)
NGHTTPX = Kind("nghttpx", ("nghttpx",), (*_proxy_cases("1.2"), *_proxy_cases("1.3")), _proxies)
