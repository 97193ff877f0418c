"""Which alerts a channel takes: by severity, and by matchers on their labels.

Every channel's settings begin with `RouteSettings`; the outbox asks the `Route` made of them.
"""

from dataclasses import dataclass
from typing import Literal

from monitor.alerts.alert import Alert
from monitor.alerts.matchers import Matcher, match_all, parse_all

AnySeverity = Literal["critical", "warning", "info", "none"]
"""A rule's, and `none`, which only the watchdog has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """What every channel can be told of itself."""

    type: str
    """Which channel it is."""
    name: str
    """What the channel is called; each needs its own."""
    severity: tuple[AnySeverity, ...] = ("critical", "warning")
    """Which alerts it takes; `none` is only that of the Watchdog."""
    matchers: tuple[str, ...] = ()
    """Of those, the ones whose labels match all of these: Alertmanager's matchers, like
    queue_name=~"high.*"."""
    send_resolved: bool = True
    """Whether the end of an alert is told too."""


@dataclass(frozen=True, slots=True)
class Route:
    """What one channel takes."""

    name: str
    send_resolved: bool
    severities: frozenset[str]
    matchers: tuple[Matcher, ...]

    def takes(self, alert: Alert) -> bool:
        """Return whether the channel is to be told of `alert`.

        No channel is told of itself: what it does not take, it would not take either.
        """
        labels = dict(alert.labels)
        about_itself = labels.get("channel") == self.name
        return (
            alert.severity in self.severities
            and not about_itself
            and match_all(self.matchers, labels)
        )


def make_route(settings: RouteSettings) -> Route:
    """Return the route that a channel's `settings` describe. Raises MatcherError."""
    return Route(
        name=settings.name,
        send_resolved=settings.send_resolved,
        severities=frozenset(settings.severity),
        matchers=parse_all(settings.matchers),
    )
