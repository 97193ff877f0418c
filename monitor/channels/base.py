"""What every channel is: it sends one notice, and says whether a failure is final."""

from typing import Protocol, runtime_checkable

from msgspec import Struct

from monitor.alerts.alert import Notice

MAX_REASON = 300
"""Characters; receivers answer with whole pages."""


class ChannelError(Exception):
    """A channel that cannot be made from its settings; the message names it and holds no secret."""


class SendError(Exception):
    """A notice that did not arrive; the message says why, without the address or a secret.

    Raised as it is, sending again may help, after `retry_after_seconds` if the receiver said
    so (0 if not).
    """

    def __init__(self, reason: str, retry_after_seconds: float = 0.0) -> None:
        super().__init__(reason[:MAX_REASON])
        self.retry_after_seconds = retry_after_seconds


class RefusedError(SendError):
    """The receiver refused the notice for good: sending the same again would not help."""


class Receipt(Struct, frozen=True):
    """A notice that arrived."""

    said: str = ""
    """What the receiver answered."""
    problem: str = ""
    """Whom it did not reach, and why, where a channel has several receivers and some took it."""
    missing: frozenset[str] = frozenset()
    """Those of them that may take it later, and are to be told alone: `Notice.only`."""


class Channel(Protocol):
    """A way to reach people. To add one: a file here, its settings, a line in `table.py`.

    One that posts JSON begins with `http.PostChannel`.
    """

    @property
    def name(self) -> str:
        """As in the settings; unique among the channels."""

    async def send(self, notice: Notice) -> Receipt:
        """Return once `notice` has arrived. Raises SendError."""


@runtime_checkable
class ErrorReporter(Protocol):
    """A channel that may also take the monitor's own unhandled errors."""

    @property
    def own_errors(self) -> bool:
        """Whether it is to get them."""

    async def report(self, error: BaseException) -> None:
        """Return once `error` has arrived, stripped of all values. Raises SendError."""
