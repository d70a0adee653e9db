"""A local Cloudflare: its API over one zone, its Origin CA, and an edge of several nodes."""

from sandbox.cloudflare.stand_in import CloudflareStandIn

__all__ = ["CloudflareStandIn"]
