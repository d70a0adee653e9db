"""Puma, the server of Ruby applications: it hangs up without an alert."""

from tests.contract.lab.case import Command, Kind, Place, Setting, lets_in, only_ends

# Puma reads a client's certificate with OpenSSL and does not load it by itself.
_APP = "require 'openssl'; run lambda { |_| [200, {'content-type' => 'text/plain'}, ['hello']] }"
_CASES = (
    *only_ends(Setting("required", "both", "verify_mode=force_peer")),
    lets_in(Setting("requested", "both", "verify_mode=peer")),
    lets_in(Setting("not-asked", "both", "verify_mode=none")),
)


def _commands(place: Place) -> tuple[Command, ...]:
    app = place.write("config.ru", _APP)
    files = place.files
    binds = tuple(
        f"--bind=ssl://127.0.0.1:{port}?key={files['key']}&cert={files['cert']}&ca={files['ca']}"
        f"&{one.words}"
        for one, port in place.ports.items()
    )
    return (
        Command(("puma", "--quiet", "--threads=4:8", *binds, app), {"HOME": str(place.folder)}),
    )


PUMA = Kind("puma", ("puma",), _CASES, _commands)
