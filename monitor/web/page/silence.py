"""The view with which alerts are silenced, and silences ended."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.alerts.alert import Alert
from monitor.alerts.matchers import Matcher
from monitor.alerts.silences import Silence
from monitor.web.page.choice import Choice
from monitor.web.page.markup import Markup, element
from monitor.web.page.rendered import BACK, Rendered
from monitor.web.page.table import Column, Table
from monitor.web.page.words import age, badge, moment, name, sentence, visible

DURATIONS = ("30m", "1h", "2h", "4h", "8h", "1d", "3d", "1w")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What stands in the form."""

    matchers: str = ""
    duration: str = "2h"
    created_by: str = ""
    comment: str = ""


def draft_for(alert: Alert) -> Draft:
    """Return a form that silences one alert and no other."""
    matchers = (str(Matcher(label, "=", value)) for label, value in alert.labels)
    return Draft(matchers=",\n".join(matchers))


def silence_view(
    draft: Draft,
    silences: Iterable[Silence],
    now: float,
    choice: Choice,
    *,
    token: str,
    refused: str,
    error: str,
) -> Rendered:
    """Return the form with `draft` and the silences that hold or are to come.

    `token` must come back with whatever is posted. `refused` says why nothing can be changed
    from where somebody looks, `error` what was wrong with what they posted; both may be empty.
    """
    if refused:
        text = f"Silences can only be looked at from here: {visible(refused)}."
        form = element("p", text, class_="notices")
    else:
        form = _form(draft, token, error)
    live = [silence for silence in silences if silence.state(now) != "expired"]
    content = (
        BACK,
        form,
        _silences(sorted(live, key=lambda s: s.ends_at), now, choice, "" if refused else token),
    )
    return Rendered("Silence", content)


def _form(draft: Draft, token: str, error: str) -> Markup:
    matchers = "Alerts with all of these labels"
    hint = "Only this alert is named at first. Take out a line to silence more."
    options = (
        element("option", text, value=text, selected="" if text == draft.duration else None)
        for text in DURATIONS
    )
    return element(
        "section",
        element("h2", "Silence an alert"),
        element(
            "form",
            element("p", visible(error), class_="error", role="alert") if error else "",
            _token(token),
            element("label", matchers, for_="matchers"),
            element(
                "textarea",
                # A line break at the start of a text area is not part of it.
                f"\n{draft.matchers}",
                id="matchers",
                name="matchers",
                rows="5",
                required="",
                spellcheck="false",
                aria_describedby="hint",
            ),
            element("small", hint, id="hint"),
            element("label", "For", for_="duration"),
            element("select", *options, id="duration", name="duration"),
            *_line("Your name", "created_by", draft.created_by, autocomplete="name"),
            *_line("Why", "comment", draft.comment, autocomplete="off"),
            element("button", "Silence", type="submit"),
            action="silence",
            method="post",
            class_="silence",
        ),
    )


def _line(label: str, field: str, value: str, autocomplete: str) -> tuple[Markup, Markup]:
    entry = element(
        "input",
        id=field,
        name=field,
        value=value,
        required="",
        maxlength="200",
        autocomplete=autocomplete,
    )
    return element("label", label, for_=field), entry


def _token(token: str) -> Markup:
    return element("input", type="hidden", name="token", value=token)


def _silences(silences: list[Silence], now: float, choice: Choice, token: str) -> Markup:
    columns = [
        Column[Silence]("State", lambda s: badge(s.state(now), "pending")),
        Column[Silence]("Alerts", lambda s: sentence(", ".join(map(str, s.matchers))), "text"),
        Column[Silence]("By", lambda s: name(s.created_by)),
        Column[Silence]("Why", lambda s: sentence(s.comment), "text"),
        Column[Silence]("Ends", lambda s: moment(s.ends_at), "number"),
        Column[Silence]("In", lambda s: age(max(0.0, s.ends_at - now)), "number"),
    ]
    if token:
        columns.append(Column[Silence]("", lambda s: _end(s, token)))
    table = Table("Silences", columns, lambda _: None, lambda s: s.id, "Nothing is silenced.")
    return table.section(silences, choice)


def _end(silence: Silence, token: str) -> Markup:
    return element(
        "form",
        _token(token),
        element("input", type="hidden", name="expire", value=silence.id),
        element("button", "End", type="submit"),
        action="silence",
        method="post",
    )
