"""Host names in the two spellings that vendors use: punycode, as DNS has it, and Unicode."""


def ascii_name(host: str) -> str:
    """A host name as DNS and Cloudflare's records spell it; unchanged when that cannot be.

    >>> ascii_name("B\u00fccher.Example.")
    'xn--bcher-kva.example'
    """
    plain = host.strip().rstrip(".").lower()
    try:
        return plain.encode("idna").decode()
    except UnicodeError:
        return plain


def unicode_name(host: str) -> str:
    """The same name as people write it; unchanged when that cannot be."""
    try:
        return host.encode().decode("idna")
    except UnicodeError:
        return host
