"""A local GitHub: as much of its REST API as bringing in a change needs."""

from sandbox.github.stand_in import GithubStandIn

__all__ = ["GithubStandIn"]
