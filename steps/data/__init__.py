"""Files that are shipped: Cloudflare's CAs, checked by fingerprint when read, and git host keys.

The PEMs are Cloudflare's own (cloudflare/cloudflared, `tlsconfig`); copies of them in the wild are
not always genuine, so nothing is taken that does not have the very fingerprint. The host keys are
the sixteen `git.*` ones that the vendor's command line ships (`resources/ssh/host-keys`).
"""

import hashlib
import ssl
from importlib import resources

from steps.errors import SettingsError

CLIENT_CA = "9a1ac2b4be15f9f27eee20a734cba4e9898f61001b3bd7c84b69b56a3e25a2b9"
ORIGIN_CA_RSA = "d3c7e85c91707fc0a12abc5d88266747aa4fa8e7b162f633ffb3c9d989947620"
ORIGIN_CA_ECC = "aa63697a22764b67b2134ce14cb5690ea336940b93986113f49545917832d80d"
GIT_HOST_KEYS = "ca70a6f4d173e64d52433ed9bb11a633a0fa38395e47d9e74754faf50ab9dd59"
"""SHA-256: of the DER for certificates, of the whole text for the host keys."""


def client_ca() -> str:
    """The CA of the client certificate that Cloudflare shows to origins (PEM; ends 2029-11-01)."""
    return _certificate("authenticated_origin_pull_ca.pem", CLIENT_CA)


def origin_ca_roots() -> str:
    """The roots of Cloudflare's Origin CA, RSA and ECC (PEM; both end 2029-08-15)."""
    return _certificate("origin_ca_rsa_root.pem", ORIGIN_CA_RSA) + _certificate(
        "origin_ca_ecc_root.pem", ORIGIN_CA_ECC
    )


def git_host_keys() -> str:
    """The keys of Platform.sh's sixteen git hosts, in the form of known_hosts."""
    text = _text("git_host_keys")
    return _genuine("git_host_keys", text, text.encode(), GIT_HOST_KEYS)


def _certificate(name: str, fingerprint: str) -> str:
    text = _text(name)
    return _genuine(name, text, ssl.PEM_cert_to_DER_cert(text), fingerprint)


def _genuine(name: str, text: str, content: bytes, fingerprint: str) -> str:
    found = hashlib.sha256(content).hexdigest()
    if found != fingerprint:
        raise SettingsError(
            (f"The shipped file {name} is not what it was (SHA-256 {found[:16]}…).",)
        )
    return text


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="ascii")
