"""What a button carries: run · step · fingerprint, and nothing else."""

SEPARATOR = "|"
NO_FINGERPRINT = "-"


def value(run: str, step: str, fingerprint: str = NO_FINGERPRINT) -> str:
    """The value of a button; `inbox.target` reads it again."""
    return SEPARATOR.join((run, step, fingerprint))
