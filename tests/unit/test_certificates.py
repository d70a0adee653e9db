"""Keys, requests and certificates: what is made, read, covered and signed."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from steps.certificates import (
    covers,
    distrust,
    fingerprints,
    holds_any,
    holds_exactly,
    is_signed_by,
    names_needed,
    new_request,
    parse_certificate,
    public_key_digest,
    traditional_pem,
)
from tests.contract import origins

NAMES = ("example.com", "*.example.com", "img.cdn.example.com")


def test_a_request_asks_for_every_name_with_a_key_of_its_own() -> None:
    """RSA 2048, signed by its key; the digest of key and request are the same."""
    made = new_request(NAMES)
    csr = x509.load_pem_x509_csr(made.csr_pem.encode())
    asked = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert (tuple(asked.get_values_for_type(x509.DNSName)), made.key.key_size) == (NAMES, 2048)
    assert csr.is_signature_valid
    assert public_key_digest(made.csr_pem) == public_key_digest(made.key)
    assert made.public_key_digest == public_key_digest(made.key)
    assert new_request(NAMES).public_key_digest != made.public_key_digest


def test_the_key_is_handed_out_in_the_traditional_form_and_nowhere_else() -> None:
    """PKCS#1, and no trace of it in a repr."""
    made = new_request(NAMES)
    pem = traditional_pem(made.key)
    assert pem.get_secret_value().startswith("-----BEGIN RSA PRIVATE KEY-----\n")
    loaded = serialization.load_pem_private_key(pem.get_secret_value().encode(), None)
    assert loaded.private_numbers() == made.key.private_numbers()  # type: ignore[union-attr]
    assert "PRIVATE" not in repr(pem) + repr(made)
    assert "key=" not in repr(made)


def test_a_certificate_tells_its_facts() -> None:
    """Names, issuer, dates and digests of the very certificate."""
    identity = origins.web().issue("www.example.com", "example.com")
    pem, _ = origins.pems(identity)
    facts = parse_certificate(pem)
    assert (facts.names, facts.issuer) == (
        ("www.example.com", "example.com"), f"CN={origins.web().name}",
    )  # fmt: skip
    assert facts.not_after - facts.not_before == timedelta(days=31)
    assert (facts.fingerprint,) == fingerprints(pem)
    assert facts.public_key_digest == public_key_digest(pem)


@pytest.mark.parametrize("text", ["", "no PEM", "-----BEGIN CERTIFICATE-----\nxx\n"])
def test_text_without_a_certificate_is_an_error_or_holds_none(text: str) -> None:
    """Never taken for an empty one."""
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words vary
        parse_certificate(text)
    assert fingerprints(text) == ()
    assert not holds_any(text, ["00"])


@pytest.mark.parametrize(
    ("name", "host", "covered"),
    [
        ("example.com", "example.com", True),
        ("example.com", "EXAMPLE.com.", True),
        ("example.com", "www.example.com", False),
        ("*.example.com", "www.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "img.cdn.example.com", False),
        ("*.example.com", "*.example.com", True),
        ("*.cdn.example.com", "img.cdn.example.com", True),
        ("*.com", "example.com", True),
        ("*", "com", False),
        ("www.example.com", "*.example.com", False),
    ],
)
def test_a_wildcard_covers_exactly_one_label(name: str, host: str, covered: bool) -> None:
    """Neither the name itself nor anything deeper."""
    assert covers([name], host) == covered


def test_the_names_needed_are_the_apex_its_wildcard_and_what_lies_deeper() -> None:
    """Covered hosts add nothing; hosts of another zone are left out; the order does not matter."""
    hosts = ["www.example.com", "img.cdn.example.com", "example.com", "a.b.example.com"]
    needed = ("example.com", "*.example.com", "a.b.example.com", "img.cdn.example.com")
    assert names_needed("example.com", hosts) == needed
    assert names_needed("Example.com.", [*reversed(hosts), "www.example.org"]) == needed
    assert names_needed("example.com", ["notexample.com"]) == needed[:2]
    assert all(covers(needed, host) for host in hosts)


def test_a_signature_proves_the_issuer() -> None:
    """A root of the same name with another key is not the one that signed."""
    pem, _ = origins.pems(origins.web().issue("www.example.com"))
    impostor = origins.Authority.create(origins.web().name)
    assert is_signed_by(pem, origins.web().pem)
    assert not is_signed_by(pem, impostor.pem)
    assert not is_signed_by(pem, origins.stranger().pem)


def test_a_chain_is_trusted_to_its_root_and_in_its_time() -> None:
    """Trusted now; distrusted under other roots, and later than its end, each with the reason."""
    pem, _ = origins.pems(origins.web().issue("www.example.com"))
    roots = origins.stranger().pem + origins.web().pem
    now = datetime.now(UTC)
    assert distrust([pem], roots, at=now) == ""
    assert "issuer" in distrust([pem], origins.stranger().pem, at=now)
    assert "expired" in distrust([pem], roots, at=now + timedelta(days=40))


def test_pinned_certificates_are_recognised_by_digest() -> None:
    """In any text, in any spelling of the digest; exactly means no other beside it."""
    ours, other = origins.clients().pem, origins.stranger().pem
    (pin,) = fingerprints(ours)
    spelled = ":".join(pin[at : at + 2] for at in range(0, 64, 2)).upper()
    assert holds_any(other + ours, [pin])
    assert holds_any(ours, [spelled])
    assert not holds_any(other, [pin])
    assert holds_exactly(ours, [pin])
    assert not holds_exactly(ours + other, [pin])
    assert not holds_exactly("", [pin])
