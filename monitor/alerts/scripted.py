"""Objects of which nothing is known but what a script says: for the tests of rules.

The rows of the catalogue read facts from objects of the snapshot. A probe tells which attributes
a row reads, and a scripted object has these.
"""

from typing import Any

from monitor.facts.fact import Fact


class Scripted:
    """Something with the attributes that it was given; every other is not known."""

    key: tuple[str, ...] = ()

    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)

    def __getattr__(self, _name: str) -> None:
        return None


class _Probe:
    """Remembers which attributes were asked for."""

    def __init__(self, path: tuple[str, ...] = ()) -> None:
        self.path = path

    def __getattr__(self, name: str) -> "_Probe":
        return _Probe((*self.path, name))


def say(thing: Scripted, fact: Fact, value: Any) -> None:
    """Let `fact` of `thing` be `value`."""
    *outer, last = fact.read(_Probe()).path
    for name in outer:
        thing = thing.__dict__.setdefault(name, Scripted())
    thing.__dict__[last] = value
