"""Cloudflare: the zone's settings, and an Origin CA that signs what it is asked to sign."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509

from steps.zone_settings import WORDS
from tests.doubles.world import ORIGIN_CA, ZONE_ID, Listed, World, absent, authority, pem_of, signed


@dataclass(frozen=True, slots=True)
class SettingValue:
    value: str
    editable: bool = True


@dataclass
class Zone:
    """Cloudflare: the zone's settings and the Origin CA, which signs what it is asked to sign."""

    world: World
    settings: dict[str, str] = field(default_factory=lambda: {
        "ssl": "flexible", "ssl_automatic_mode": "auto", "tls_client_auth": "off",
        "development_mode": "off",
    })  # fmt: skip
    locked: set[str] = field(default_factory=set)
    certificates: dict[str, str] = field(default_factory=dict)
    made: int = 0

    def setting(self, zone_id: str, name: str) -> SettingValue:
        assert zone_id == ZONE_ID
        if name not in self.settings:
            raise absent("setting", "Cloudflare")
        return SettingValue(self.settings[name], name not in self.locked)

    def set_setting(self, zone_id: str, name: str, value: str) -> SettingValue:
        assert zone_id == ZONE_ID
        self.settings[name] = value
        self.world.write(f"zone example.com · {WORDS[name]}")
        return SettingValue(value)

    def create_origin_certificate(
        self, csr: str, hostnames: Sequence[str], *, validity_days: int
    ) -> Listed:
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        self.made += 1
        made = signed(
            request.public_key(), hostnames, issuer=ORIGIN_CA, key=authority(ORIGIN_CA)[0],
            days=validity_days,
        )  # fmt: skip
        found = Listed(f"origin-{self.made}", pem_of(made))
        self.certificates[found.id] = found.certificate
        self.world.write("zone example.com · Origin CA certificate")
        return found

    def origin_certificates(self, zone_id: str) -> Sequence[Listed]:
        assert zone_id == ZONE_ID
        return [Listed(name, pem) for name, pem in self.certificates.items()]

    def revoke_origin_certificate(self, certificate_id: str) -> None:
        if certificate_id not in self.certificates:
            raise absent("certificate", "Cloudflare")
        del self.certificates[certificate_id]
        self.world.write(f"zone example.com · Origin CA certificate {certificate_id}")
