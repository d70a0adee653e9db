"""What people type after `probe`: values, or words on why not, and then exit 64."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa, x25519

from app import cli
from bot.terminal.probe_arguments import Place, authority, host_name, identity, place
from bot.terminal.usage import Unusable
from tests.contract import origins


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", Place("192.0.2.1", None)),
        ("192.0.2.1:8443", Place("192.0.2.1", 8443)),
        ("127.0.0.1:1", Place("127.0.0.1", 1)),
        ("::1", Place("::1", None)),
        ("2001:db8::1", Place("2001:db8::1", None)),
        ("[::1]", Place("::1", None)),
        ("[2001:DB8::1]:65535", Place("2001:db8::1", 65535)),
    ],
)
def test_an_address_may_have_a_port(text: str, expected: Place) -> None:
    """IPv6 in brackets where a port follows."""
    assert expected == place(text)


@pytest.mark.parametrize(
    "text",
    ["", "example.com", "192.0.2.1:", "192.0.2.1:0", "192.0.2.1:65536", "192.0.2.1:-1", "1.2.3",
     "192.0.2.1:https", "[192.0.2.1]:443", "[::1", "[::1]443", "[::1]:", "::1%eth0", "[::1]:1:2",
     "192.0.2.1:999999", "http://192.0.2.1", "192.0.2.1/24"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    """In words that show the form."""
    with pytest.raises(Unusable, match=r"IP:PORT"):
        place(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("www.Example.com.", "www.example.com"), ("münchen.example", "xn--mnchen-3ya.example"),
     ("_a.example-b.com", "_a.example-b.com"), ("127.0.0.1", "127.0.0.1")],
)  # fmt: skip
def test_a_domain_is_brought_into_the_form_of_the_wire(text: str, expected: str) -> None:
    """Small letters, no final dot, IDNA."""
    assert expected == host_name(text)


@pytest.mark.parametrize(
    "text", ["", ".", "a b", "a..b", "https://a.example", "a.example:443", "a\r\nX: y", "ä" * 300,
     "a" * 64 + ".example"],
)  # fmt: skip
def test_what_is_no_host_name_is_refused(text: str) -> None:
    """It would be put into a request."""
    with pytest.raises(Unusable, match="not a host name"):
        host_name(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every kind that people have."""
    made = tmp_path_factory.mktemp("pems")
    certificate, key = origins.pems(origins.clients().issue("cloudflare"))
    loaded = ser.load_pem_private_key(key.encode(), None)
    pem, kind = ser.Encoding.PEM, ser.PrivateFormat.PKCS8
    locked = loaded.private_bytes(pem, kind, ser.BestAvailableEncryption(b"secret")).decode()
    strange = x25519.X25519PrivateKey.generate().private_bytes(pem, kind, ser.NoEncryption())
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    small = ed25519.Ed25519PrivateKey.generate()
    for name, text in {
        "cert": certificate, "key": key, "locked": locked, "strange": strange.decode(),
        "other": other.private_bytes(pem, kind, ser.NoEncryption()).decode(),
        "small": small.private_bytes(pem, kind, ser.NoEncryption()).decode(),
        "chain": certificate + origins.clients().pem, "both": certificate + key,
        "rubbish": "no PEM at all", "empty": "",
        "cut": certificate[:200], "ca": origins.clients().pem + origins.stranger().pem,
    }.items():  # fmt: skip
        (made / name).write_text(text)
    (made / "binary").write_bytes(bytes(range(256)))
    return made


def test_a_certificate_comes_with_its_key_and_its_chain(folder: Path) -> None:
    """From one file or two."""
    assert identity(None, None) is None
    plain = identity(str(folder / "cert"), str(folder / "key"))
    chained = identity(str(folder / "chain"), str(folder / "key"))
    together = identity(str(folder / "both"), str(folder / "both"))
    assert plain is not None
    assert chained is not None
    assert together is not None
    assert (plain.chain, len(chained.chain)) == ((), 1)
    assert plain.certificate == chained.certificate == together.certificate


@pytest.mark.parametrize(
    ("cert", "key", "words"),
    [
        ("cert", None, "belong together"),
        (None, "key", "belong together"),
        ("missing", "key", "cannot be read: No such file"),
        ("cert", "missing", "cannot be read: No such file"),
        (".", "key", "cannot be read"),
        ("rubbish", "key", "no certificate in PEM"),
        ("empty", "key", "no certificate in PEM"),
        ("cut", "key", "no certificate in PEM"),
        ("binary", "key", "no certificate in PEM"),
        ("key", "key", "no certificate in PEM"),
        ("cert", "rubbish", "no private key in PEM"),
        ("cert", "cert", "no private key in PEM"),
        ("cert", "locked", "is encrypted"),
        ("cert", "strange", "not used in TLS"),
        ("cert", "other", "does not belong"),
        ("cert", "small", "does not belong"),
    ],
)
def test_files_that_cannot_be_used_are_refused_in_words(
    folder: Path, cert: str | None, key: str | None, words: str
) -> None:
    """Which one and why, and nothing of what is in it."""
    with pytest.raises(Unusable, match=words) as refused:
        identity(cert and str(folder / cert), key and str(folder / key))
    assert "-----" not in refused.value.message


def test_authorities_may_be_several(folder: Path) -> None:
    """All of them are ours; what is no certificate is refused."""
    both = authority(str(folder / "ca"))
    assert both is not None
    assert both.count("BEGIN CERTIFICATE") == 2
    assert authority(None) is None
    with pytest.raises(Unusable, match="--ca"):
        authority(str(folder / "key"))


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["--domain"], ["--domain", "a b"], ["--domain", "a.example", "more"],
        ["--domain", "a.example", "--adress", "127.0.0.1"],
        ["--domain", "a.example", "--address", "localhost"],
        ["--domain", "a.example", "--cert", "x.pem"],
    ],
)  # fmt: skip
def test_bad_usage_exits_64_and_says_how_it_is_used(arguments: list[str]) -> None:
    """Click's own 2 would say inconclusive; nothing goes to the standard output."""
    done = CliRunner().invoke(cli, ["probe", *arguments])
    assert (done.exit_code, done.stdout) == (64, "")
    assert "Error: " in done.stderr


def test_an_unknown_command_and_help() -> None:
    """Bad usage of the group is bad usage too; asking for help is not."""
    assert CliRunner().invoke(cli, ["prob"]).exit_code == 64
    assert CliRunner().invoke(cli, ["probe", "--help"]).exit_code == 0
