"""A local Platform.sh: what a client, a git push and a visitor can tell from outside."""

from sandbox.platformsh.activities import Trouble
from sandbox.platformsh.stand_in import PlatformshStandIn

__all__ = ["PlatformshStandIn", "Trouble"]
