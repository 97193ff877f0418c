"""Which firing alerts nobody is to be told of at the moment, and why. Pure.

A muted alert fires all the same: it counts in the metrics and is shown. Called by `desk.py` at
every tick, before the outbox decides.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from monitor.alerts import inhibition
from monitor.alerts.alert import Alert
from monitor.alerts.inhibition import compile_inhibit_rule, inhibited_by
from monitor.alerts.mute import compile_mute, muted_by
from monitor.alerts.settings import AlertSettings
from monitor.alerts.silences import Silences, silenced_by
from monitor.alerts.watchdog import WATCHDOG


class Muted(Struct, frozen=True):
    """Why an alert is muted; at least one of the three is not empty."""

    silenced_by: tuple[str, ...] = ()
    """Ids of silences."""
    inhibited_by: tuple[str, ...] = ()
    """Fingerprints of the alerts that explain it."""
    muted_by: tuple[str, ...] = ()
    """Names of mute times."""

    @property
    def how(self) -> str:
        """In words: `silenced`, `inhibited` or `muted`."""
        return "silenced" if self.silenced_by else "inhibited" if self.inhibited_by else "muted"


class Muting:
    """Silences, inhibition and mute times together."""

    def __init__(self, settings: AlertSettings, silences: Silences) -> None:
        builtin = inhibition.BUILTIN if settings.builtin else ()
        rules = (*settings.inhibit_rules, *builtin)
        self._inhibit_rules = tuple(map(compile_inhibit_rule, rules))
        self._mutes = tuple(map(compile_mute, settings.mute))
        self._silences = silences

    def muted(self, alerts: Iterable[Alert], now: float) -> Mapping[str, Muted]:
        """Return the muted ones of the firing `alerts` by their fingerprints."""
        firing = [alert for alert in alerts if alert.state == "firing"]
        silences = self._silences.active(now)
        mutes = [mute for mute in self._mutes if mute.holds(now)]
        inhibited = inhibited_by(firing, self._inhibit_rules)
        found = {}
        for alert in firing if silences or mutes or inhibited else ():
            labels = dict(alert.labels)
            # That it comes at all times is what it is for.
            at_all_times = alert.alertname == WATCHDOG
            muted = Muted(
                silenced_by(labels, silences),
                inhibited.get(alert.fingerprint, ()),
                () if at_all_times else muted_by(labels, mutes),
            )
            if muted != _NOT_MUTED:
                found[alert.fingerprint] = muted
        return found


_NOT_MUTED = Muted()
