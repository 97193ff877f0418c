"""One line for people about an object that a rule holds for. Made by `rules.py`.

Its summary, the likely cause, and the first command to type are such lines.

A template names identity labels, facts of the scope, and the few texts in `TEXTS`:
`{queue_name}: {length} waiting, oldest {oldest_age}`. `{{` and `}}` are braces.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.alerts.operations import facts_in_rules
from monitor.alerts.tokens import ExpressionError
from monitor.facts.broker.writability import OBSTACLES
from monitor.facts.fact import Fact, Unit
from monitor.facts.scopes import IDENTITY
from monitor.values.moments import format_moment
from monitor.values.names import as_utf8, bounded
from monitor.values.suggestion import did_you_mean
from monitor.values.units import format_duration, format_size

Words = Callable[[Any], str]
"""Takes an object of the scope, returns what is to be read in its place."""

TEXTS: Mapping[str, Mapping[str, Words]] = {
    "broker": {
        "error": lambda broker: broker.error or "no reason known",
        "latest_reset": lambda broker: broker.latest_reset or "nothing known",
        "left_behind": lambda broker: _left_behind(broker.stranded),
        "obstacle": lambda broker: _obstacle(broker.obstacles or {}),
    },
    "worker": {
        "reason": lambda worker: worker.reason or "no reason known",
        "pid": lambda worker: str(worker.pid or "not known"),
        # What `-d` of celery's commands takes, also where several workers share a name.
        "node": lambda worker: bounded(worker.hostname.removesuffix(f"#{worker.pid}")),
    },
    "schedule": {
        "task": lambda schedule: bounded(schedule.task),
        "reason": lambda schedule: schedule.reason or "no reason known",
    },
    "log": {"problem": lambda log: log.problem or "its files can be read"},
    "channel": {"problem": lambda channel: channel.problem or "no reason known"},
    "task": {
        "running_on": lambda task: bounded(task.longest_running_on or "no worker known"),
        "running_id": lambda task: bounded(task.longest_running_id or "not known"),
    },
}
"""What objects say in words; these are no facts, and only summaries may use them."""

_FORMATS: Mapping[Unit, Callable[[Any], str]] = {
    "": lambda number: f"{number:.4g}" if isinstance(number, float) else str(number),
    "seconds": format_duration,
    "bytes": format_size,
    "timestamp": format_moment,
    "boolean": lambda truth: "yes" if truth else "no",
    "state": str,
}

_PART = re.compile(r"\{\{|\}\}|\{(?P<name>[^{}]*)\}|(?P<stray>[{}])|[^{}]+")


@dataclass(frozen=True, slots=True)
class Summary:
    """A template whose names have been checked."""

    parts: tuple[str | Words, ...]

    def render(self, obj: Any) -> str:
        """Return the line for `obj`."""
        return as_utf8("".join(part if isinstance(part, str) else part(obj) for part in self.parts))

    def render_for_shell(self, obj: Any) -> str:
        """Return the line for `obj` as a shell command.

        Names come from the broker, where anybody may write: whatever they hold, each stays one
        word of the command.
        """
        words = (part if isinstance(part, str) else shlex.quote(part(obj)) for part in self.parts)
        return as_utf8("".join(words))


def parse_summary(text: str, scope: str) -> Summary:
    """Return the template `text` for objects of `scope`. Raises ExpressionError."""
    words = _words_of(scope)
    parts: list[str | Words] = []
    for literal, name, start in split_template(text):
        if name is None:
            parts.append(literal)
        elif name in words:
            parts.append(words[name])
        else:
            hint = did_you_mean(name, words)
            raise ExpressionError(f"{{{name}}} is not known of {scope}{hint}", start + 1)
    return Summary(tuple(parts))


def split_template(text: str) -> Iterator[tuple[str, str | None, int]]:
    """Yield the parts of a template: a literal text, or else a name; and where it stands.

    Raises ExpressionError.
    """
    for match in _PART.finditer(text):
        if match["stray"]:
            raise ExpressionError(
                f"a single {match['stray']!r}: write it twice to mean it", match.start()
            )
        if match["name"] is None:
            yield {"{{": "{", "}}": "}"}.get(match[0], match[0]), None, match.start()
        else:
            yield "", match["name"], match.start()


def verbatim(text: str) -> str:
    """Return the template that says `text` as it stands."""
    return text.replace("{", "{{").replace("}", "}}")


def default_template(alert: str, scope: str, facts: tuple[Fact, ...]) -> str:
    """Return a template that names the object and the `facts` behind the alert."""
    identity = "/".join(f"{{{label}}}" for label in IDENTITY[scope])
    values = ", ".join(f"{fact.name} {{{fact.name}}}" for fact in facts)
    return f"{verbatim(alert)} on {scope} {identity}" + (f": {values}" if values else "")


def format_fact(fact: Fact, obj: Any) -> str:
    """Return the value of `fact` for `obj` as a person reads it."""
    value = fact.read(obj)
    return "unknown" if value is None else _FORMATS[fact.unit](value)


def _left_behind(stranded: int | None) -> str:
    """Return what to add about messages whose worker is gone, if there are any."""
    return f"; no live worker holds {stranded} of those in flight" if stranded else ""


def _obstacle(obstacles: Mapping[str, bool]) -> str:
    there = [OBSTACLES[name] for name, stands in obstacles.items() if stands]
    return "; ".join(there) or "nothing known"


def _words_of(scope: str) -> dict[str, Words]:
    words = {name: _fact_words(fact) for name, fact in facts_in_rules(scope).items()}
    words.update(TEXTS.get(scope, {}))
    # Last, because a label says which object it is, whatever facts are called.
    words.update({label: _label_words(label) for label in IDENTITY[scope]})
    return words


def _fact_words(fact: Fact) -> Words:
    return lambda obj: format_fact(fact, obj)


def _label_words(label: str) -> Words:
    return lambda obj: bounded(getattr(obj, label))
