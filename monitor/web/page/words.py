"""Facts as the page says them: numbers, ages, names, and that something is not known."""

from collections.abc import Iterable
from datetime import UTC, datetime

from monitor.values.names import printable
from monitor.values.units import format_duration
from monitor.web.page.markup import Markup, element, joined

NAME_CHARACTERS = 56
SENTENCE_CHARACTERS = 240
TITLE_CHARACTERS = 1_000
NAMES = 8

UNKNOWN = element("span", "unknown", class_="unknown")
NOTHING = element("span", "—", class_="nothing")


def count(number: int | None) -> Markup:
    """Return a count with its thousands apart."""
    return UNKNOWN if number is None else Markup(f"{number:,}")


def age(seconds: float | None, exact: bool | None = True) -> Markup:
    """Return a duration, marked as the least it can be when it is not exact."""
    if seconds is None:
        return UNKNOWN
    return Markup(("" if exact else "≥ ") + format_duration(seconds))


def ago(at: float | None, now: float) -> Markup:
    """Return how long ago a moment was."""
    if at is None:
        return UNKNOWN
    return Markup(f"{format_duration(max(0.0, now - at))} ago")


def name(text: str) -> Markup:
    """Return the name of an object."""
    return _cut(text, NAME_CHARACTERS)


def sentence(text: str) -> Markup:
    """Return a line of words, which may have names in it."""
    return _cut(text, SENTENCE_CHARACTERS)


def _cut(text: str, most_characters: int) -> Markup:
    """Return `text` without the middle of what is too long; the title has the whole."""
    if len(text) <= most_characters:
        return joined((visible(text),))
    half = most_characters // 2
    shown = f"{visible(text[:half])}…{visible(text[-half:])}"
    return element("span", shown, title=visible(text))


def names(texts: Iterable[str]) -> Markup:
    """Return several names in a row."""
    found = list(texts)
    chips = [element("span", name(text), class_="chip") for text in found[:NAMES]]
    more = f"{len(found) - NAMES:,} more" if len(found) > NAMES else ""
    return joined((*chips, more))


def visible(text: str) -> str:
    """Return `text`, bounded, with what cannot be printed written as an escape."""
    if len(text) > TITLE_CHARACTERS:
        text = f"{text[:TITLE_CHARACTERS]}… ({len(text):,} characters)"
    return printable(text)


def terms(facts: Iterable[tuple[str, str]]) -> Markup:
    """Return what is known of one thing: what it is about, and what is said of it."""
    pairs = (element("div", element("dt", about), element("dd", said)) for about, said in facts)
    return element("dl", *pairs, class_="facts")


def badge(text: str, kind: str) -> Markup:
    """Return a small label; `kind` is the class that colours it."""
    return element("span", text, class_=f"badge {kind}")


def rate(per_second: float | None) -> Markup:
    """Return messages a second, by the minute where they are few."""
    return UNKNOWN if per_second is None else Markup(rate_words(per_second))


def rate_words(per_second: float) -> str:
    """Return messages a second as plain words."""
    if per_second >= 9.95:
        return f"{per_second:,.0f}/s"
    if per_second >= 0.95:
        return f"{per_second:.1f}/s"
    by_minute = per_second * 60
    if by_minute < 0.05:
        return "0"
    return f"{by_minute:.0f}/min" if by_minute >= 9.95 else f"{by_minute:.1f}/min"


def moment(at: float) -> Markup:
    """Return a time of day in UTC, with its date for whoever asks."""
    when = datetime.fromtimestamp(at, UTC)
    return element(
        "time",
        when.strftime("%H:%M:%S UTC"),
        datetime=when.isoformat(timespec="seconds"),
        title=when.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def since(at: float, now: float) -> Markup:
    """Return for how long something has been so, and from when."""
    return joined((age(max(0.0, now - at)), element("small", "since ", moment(at))))
