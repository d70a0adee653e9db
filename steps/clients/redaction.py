"""Secrets taken out of what vendors say, before it becomes an error that people read."""

import json
import re

from pydantic import SecretStr

_SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\bcf(?:ut|at|k|oat)_[\w-]+"
    r"|\bv1\.0-[\w-]+"
    r"|\bxox[a-z]-[\w-]+|\bxapp-[\w-]+"
    r"|\bgh[opsur]_\w+|\bgithub_pat_\w+|\bgl[a-z]{2,5}-[\w.-]{16,}"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|\b(?:Bearer|Basic) [\w.+/=-]+"
    # Tokens without a prefix; digests and serial numbers, which people need, are hexadecimal.
    r"|(?<![\w-])(?![0-9a-fA-F]+(?![\w-]))[\w-]{40,}(?![\w-])",
    re.DOTALL,
)
_MOST = 500


def redacted(text: str, *known: SecretStr, most: int = _MOST) -> str:
    """`text` with tokens, keys and the `known` secrets replaced, at most `most` characters of it.

    >>> redacted("the token cfut_0123456789 is not valid")
    'the token [redacted] is not valid'
    """
    for plain in filter(None, (secret.get_secret_value() for secret in known)):
        for form in (plain, json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]):
            text = text.replace(form, "[redacted]")
    return _SECRETS.sub("[redacted]", text)[:most]
