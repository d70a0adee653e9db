"""The certificates and host keys that are shipped, checked against their pinned fingerprints."""

from pathlib import Path

from steps.certificates import AOP_CA, ORIGIN_CA_ROOTS, holds_exactly
from steps.errors import SettingsError

_DATA = Path(__file__).parent / "data"


def client_ca() -> str:
    """Cloudflare's authenticated origin pull CA (PEM). Raises SettingsError for another file."""
    return _checked(["authenticated_origin_pull_ca.pem"], (AOP_CA,))


def origin_ca_roots() -> str:
    """Both roots of Cloudflare's Origin CA (PEM). Raises SettingsError for other files."""
    return _checked(["origin_ca_rsa_root.pem", "origin_ca_ecc_root.pem"], ORIGIN_CA_ROOTS)


def git_host_keys() -> str:
    """The host keys of Platform.sh's sixteen git hosts, in the form of known_hosts."""
    return (_DATA / "git_host_keys").read_text()


def _checked(names: list[str], pinned: tuple[str, ...]) -> str:
    text = "".join((_DATA / name).read_text() for name in names)
    if not holds_exactly(text, pinned):
        raise SettingsError((f"{', '.join(names)}: not the certificates that were shipped.",))
    return text
