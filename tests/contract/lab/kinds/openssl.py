"""`openssl s_server`: it asks, requires, and without one more option takes any certificate."""

from tests.contract.lab.case import Case, Command, Kind, Place, Setting, Tls, closed, lets_in

# Versions before 1.2 need what OpenSSL 3 calls no security at all.
_OLD = ("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0")
_RSA = "-client_sigalgs RSA+SHA256:RSA-PSS+SHA256"
_FLAGS: dict[Tls, tuple[str, ...]] = {
    "1.1": _OLD,
    "1.2": ("-tls1_2",),
    "1.3": ("-tls1_3",),
    "both": (),
}


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "-Verify 1 -verify_return_error")),
        lets_in(Setting("required", tls, "-Verify 1"), "only-asks"),
        lets_in(Setting("requested", tls, "-verify 1 -verify_return_error")),
        lets_in(Setting("requested", tls, "-verify 1")),
        lets_in(Setting("not-asked", tls, "")),
    )


_OTHERS = (
    closed(Setting("required", "1.1", "-Verify 1 -verify_return_error")),
    lets_in(Setting("not-asked", "1.1", "")),
    # Keys that only some clients have, and a second hello.
    closed(Setting("required", "1.2", f"-Verify 1 -verify_return_error {_RSA}"), works=False),
    closed(Setting("required", "1.3", f"-Verify 1 -verify_return_error {_RSA}"), works=False),
    lets_in(Setting("required", "1.3", f"-Verify 1 {_RSA}"), "only-asks", works=False),
    closed(Setting("required", "1.3", "-Verify 1 -verify_return_error -groups P-521")),
)


def _commands(place: Place) -> tuple[Command, ...]:
    return tuple(_command(place, one, port) for one, port in place.ports.items())


def _command(place: Place, setting: Setting, port: int) -> Command:
    files = place.files
    return Command((
        "openssl", "s_server", "-quiet", "-www", "-accept", f"127.0.0.1:{port}",
        "-cert", str(files["cert"]), "-key", str(files["key"]), "-CAfile", str(files["ca"]),
        *_FLAGS[setting.tls], *setting.words.split(),
    ))  # fmt: skip


OPENSSL = Kind(
    "openssl s_server", ("openssl",), (*_cases("1.2"), *_cases("1.3"), *_OTHERS), _commands
)
