"""What is true of one notification channel. Filled in by whoever sends, shown like any fact."""

from msgspec import Struct


class ChannelFacts(Struct, frozen=True, kw_only=True):
    """A way to reach people, from the point of view of who sends."""

    channel: str
    refused: int | None = None
    """Groups of alerts of which it refused the latest notice for good; None until a notice was
    sent."""
    failing_seconds: float | None = None
    """Since notices fail without one that arrives, 0 while they arrive; None as above."""
    problem: str = ""
    """Why the latest notice did not arrive, in words."""

    @property
    def key(self) -> tuple[str, ...]:
        """Its identity: the values of the labels in `IDENTITY`."""
        return (self.channel,)
