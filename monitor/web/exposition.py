"""Writes `/metrics`: Prometheus text 0.0.4 and OpenMetrics 1.0, from the catalogue.

`prometheus_client.generate_latest` takes about half a second for 50,000 samples, which would
stop the loop. Here everything of a line but its number is kept from scrape to scrape; both
formats share it, since only their headers differ. Called by `web/metrics.py`, once a scrape.
"""

from collections.abc import Iterable, Set
from enum import Enum
from typing import Any

from monitor.facts.catalogue import FACTS
from monitor.facts.fact import Fact
from monitor.facts.scopes import IDENTITY, SCOPES
from monitor.facts.snapshot import Snapshot
from monitor.web.family import Family, family_of
from monitor.web.labels import label_text
from monitor.web.readers import Readers, Scrape


class Format(Enum):
    """An exposition format; its value is the Content-Type."""

    TEXT = "text/plain; version=0.0.4; charset=utf-8"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class Exposition:
    """The writer, with what it remembers of the series it has shown.

    A counter or histogram of a task that is new is written as 0 by the first scrape of each
    reader, because `increase()` does not see a series that begins at 1. So `write` is for real
    scrapes only.
    """

    def __init__(self, started_at: float, facts: Iterable[Fact] = FACTS) -> None:
        """`started_at` is when the monitor began to count, in Unix seconds."""
        self._readers = Readers(started_at)
        self._scopes = {scope: _Scope(scope) for scope in SCOPES}
        for fact in facts:
            self._scopes[fact.scope].families.append((fact, family_of(fact)))

    def write(self, snapshot: Snapshot, form: Format, reader: str = "") -> bytes:
        """Return every sample of `snapshot`, without OpenMetrics' closing `# EOF`.

        `reader` is who asks, as far as that can be told.
        """
        scrape = self._readers.scraped(reader, snapshot.at)
        parts: list[bytes] = []
        for name, scope in self._scopes.items():
            objects, new = scope.labelled(snapshot.of(name), scrape)
            for fact, family in scope.families:
                samples = family.samples(objects, new, scrape)
                if samples:
                    parts += (_header(fact, form), samples)
        return b"".join(parts)


class _Scope:
    """The families of one scope, and the label text of its objects."""

    def __init__(self, name: str) -> None:
        self._identity = IDENTITY[name]
        self._labels: dict[tuple[str, ...], str] = {}
        self._began_at: dict[str, float] = {}
        """By the text: the earliest that the object can have begun."""
        self._latest_at = 0.0
        """The latest of these."""
        self.families: list[tuple[Fact, Family]] = []

    def labelled(self, objects: Iterable[Any], scrape: Scrape) -> tuple[dict[str, Any], Set[str]]:
        """Return `objects` by the text of their labels, and which are new to who asks."""
        # Keyed, so that no series can stand twice: Prometheus would refuse the whole scrape.
        by_key = {thing.key: thing for thing in objects}
        for key in self._labels.keys() - by_key.keys():
            # Somebody may call a queue as a longer name is cut: then two keys have one text.
            self._began_at.pop(self._labels.pop(key), None)
        for key in by_key.keys() - self._labels.keys():
            text = self._labels[key] = label_text(self._identity, key)
            self._began_at[text] = self._latest_at = scrape.before_at
        return {self._labels[key]: thing for key, thing in by_key.items()}, self._new(scrape)

    def _new(self, scrape: Scrape) -> Set[str]:
        since_at = scrape.since_at
        if self._latest_at < since_at:
            return frozenset()
        return {text for text, began_at in self._began_at.items() if began_at >= since_at}


def _header(fact: Fact, form: Format) -> bytes:
    name, kind = fact.metric, fact.kind
    text = fact.help.replace("\\", r"\\").replace("\n", r"\n")
    type_ = {"info": "gauge", "stateset": "gauge"}.get(kind, kind)
    if form is Format.OPENMETRICS:
        text = text.replace('"', r"\"")
        if kind == "counter":
            name = name.removesuffix("_total")
        elif kind == "untyped":
            type_ = "unknown"
    return f"# HELP {name} {text}\n# TYPE {name} {type_}\n".encode()
