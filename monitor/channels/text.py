"""A message as plain text and as HTML. Used by the channels that send either."""

from html import escape

from monitor.channels.message import Item, Message, Row

_COLOURS = {"critical": "#b3261e", "warning": "#b26a00", "info": "#1f5fa8", "none": "#1f5fa8"}
_OVER = "#2e7d32"


def as_text(message: Message) -> str:
    """Return `message` for a reader that knows nothing but lines."""
    parts = ["\n".join((item.headline, *map(_line, item.rows))) for item in message.items]
    return "\n\n".join([*parts, *_footer(message)]) + "\n"


def as_html(message: Message) -> str:
    """Return `message` for a mail reader: everything that came from outside is escaped."""
    colour = _COLOURS[message.severity] if message.firing else _OVER
    items = "".join(_section(item) for item in message.items)
    footer = "".join(f"<p>{escape(line)}</p>" for line in _footer(message))
    return (
        '<!DOCTYPE html><html><body style="font-family: sans-serif">'
        f'<h2 style="color: {colour}">{escape(message.title)}</h2>{items}{footer}</body></html>'
    )


def _line(row: Row) -> str:
    return f"  {row.heading + ':':<15}{row.text}"


def _footer(message: Message) -> list[str]:
    more = [f"And {message.left_out} more alerts."] if message.left_out else []
    return [*more, f"Status page: {message.page_url}"]


def _section(item: Item) -> str:
    rows = "".join(
        f'<tr><th align="left" valign="top">{escape(row.heading)}</th><td>{_cell(row)}</td></tr>'
        for row in item.rows
    )
    return f"<h3>{escape(item.headline)}</h3><table>{rows}</table>"


def _cell(row: Row) -> str:
    text = escape(row.text)
    if row.kind == "code":
        return f"<code>{text}</code>"
    # A rule may be given any text for its runbook; only a link of the web is one.
    if row.kind == "link" and row.text.startswith(("https://", "http://")):
        return f'<a href="{text}">{text}</a>'
    return text
