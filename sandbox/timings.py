"""How long things take in the sandbox, in seconds; everything that is not instant is here."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timings:
    """The defaults are like the real ones; a test or a demonstration scales them."""

    edge_delay: float = 30.0
    """The longest until one of Cloudflare's nodes has adopted a switch."""
    router_delay: float = 5.0
    """The longest until one address of the origin has adopted a deployment."""
    build_seconds: float = 40.0
    deploy_seconds: float = 30.0
    certificate_seconds: float = 20.0
    """Until an uploaded client certificate is active at Cloudflare."""
    slow_seconds: float = 30.0
    """How much longer a deployment takes that somebody slows down."""

    def scaled(self, factor: float) -> "Timings":
        return Timings(
            self.edge_delay * factor,
            self.router_delay * factor,
            self.build_seconds * factor,
            self.deploy_seconds * factor,
            self.certificate_seconds * factor,
            self.slow_seconds * factor,
        )

    @classmethod
    def demo(cls) -> "Timings":
        """Slow enough to be watched, quick enough to stay."""
        return cls(2.0, 1.0, 1.5, 1.5, 1.0)

    @classmethod
    def tests(cls) -> "Timings":
        return cls(0.2, 0.1, 0.1, 0.1, 0.1, slow_seconds=3.0)
