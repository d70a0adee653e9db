"""Which step relies on which: what may be left out, and what goes back only together. Keys only.

``needs`` is what no prefix of a run, and none of its undo, may break (law 4): Cloudflare presents
its certificate for as long as the origin requires one; strict only with a certificate that strict
accepts; SSL held at Full while the origin's certificate is exchanged.
"""

from collections.abc import Mapping

NEEDS: Mapping[str, tuple[str, ...]] = {
    "client-authentication": ("origin-pulls",),
    "origin-probe": ("client-authentication",),
    "ssl-full": ("origin-certificate",),
    "origin-pulls": ("ssl-full",),
    "ssl-strict": ("origin-certificate", "ssl-full"),
    "undo-origin-pulls": ("undo-client-authentication",),
    "undo-origin-certificate": ("undo-ssl-hold",),
    "undo-ssl-mode": ("undo-client-authentication", "undo-origin-pulls", "undo-ssl-hold"),
    "undo-automatic-ssl": ("undo-ssl-mode",),
    "undo-certificate-revoke": ("undo-origin-certificate",),
}
OPTIONAL = frozenset({
    "development-mode", "gate", "http-access", "development-mode-off",
    "undo-certificate-revoke", "undo-automatic-ssl", "undo-http-access", "undo-development-mode",
})  # fmt: skip
"""What a person may leave out, with a reason: no other step relies on it."""
GUARDS = frozenset({"gate"})
"""Left out when it cannot be asked; never when it has seen that visitors would be refused."""
KEPT: Mapping[str, str] = {
    "preflight": "It keeps what was there before; without it nothing could be undone.",
    "origin-probe": "It is the only proof that the origin is closed.",
    "ssl-strict": "It proves what mode Full was set for: that the origin is who it says.",
    "undo-client-authentication": "Whatever comes after it relies on the origin not asking.",
    "undo-origin-pulls": "The run would claim that the zone is as it was before.",
    "undo-ssl-hold": "In mode strict visitors are refused while the certificate is exchanged.",
    "undo-origin-certificate": "What comes after it relies on a publicly trusted certificate.",
    "undo-ssl-mode": "The run would claim that the zone is as it was before.",
}
BACK_OF: Mapping[str, tuple[str, ...]] = {
    "development-mode": ("undo-development-mode",),
    "origin-certificate": ("undo-origin-certificate", "undo-certificate-revoke"),
    "ssl-full": ("undo-ssl-mode", "undo-automatic-ssl"),
    "origin-pulls": ("undo-origin-pulls",),
    "gate": ("undo-client-authentication",),
    "client-authentication": ("undo-client-authentication",),
    "ssl-strict": ("undo-ssl-hold",),
    "http-access": ("undo-http-access",),
}
FOLLOWS: Mapping[str, tuple[str, ...]] = {"undo-origin-certificate": ("undo-ssl-mode",)}
"""Way back → what has to come after it: SSL is held at Full only while a certificate is exchanged,
and other sites of the zone want it strict again."""
ENDED_BY: Mapping[str, str] = {"development-mode": "development-mode-off"}
"""What a run switches off again itself stands no longer, and needs no way back."""
FOR_GOOD: Mapping[str, str] = {
    "undo-certificate-revoke": (
        "The Origin CA certificate is revoked, and a revoked certificate stays revoked: a later"
        " run issues a new one."
    ),
}

REFUSED_UNTIL: Mapping[str, str] = {"client-authentication": "origin-pulls"}
"""Once the first has begun, visitors are refused until the second is done; it matters only in the
published order, where the second comes later."""
