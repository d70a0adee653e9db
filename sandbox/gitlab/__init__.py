"""A local GitLab: as much of its REST API as bringing in a change needs."""

from sandbox.gitlab.stand_in import GitlabStandIn

__all__ = ["GitlabStandIn"]
