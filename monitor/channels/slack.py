"""Slack's incoming webhooks. Limits and escapes are those of its documentation."""

import json
from typing import Any

from monitor.alerts.alert import Notice
from monitor.channels.base import Receipt
from monitor.channels.http import PostChannel
from monitor.channels.message import Item, Message, Row, message_of, one_line
from monitor.channels.settings import SlackSettings

MAX_HEADER = 150
MAX_SECTION = 3_000
MAX_VALUE = 500
"""Characters of one row, so that a long one does not push out the others."""

_COLOURS = {"critical": "#b3261e", "warning": "#daa038", "info": "#439fe0", "none": "#439fe0"}
_OVER = "#2eb67d"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class SlackChannel(PostChannel[SlackSettings]):
    """Posts to the channel of the webhook."""

    async def send(self, notice: Notice) -> Receipt:
        """Post `notice`. Raises SendError."""
        body = json.dumps(payload(message_of(notice, self._page_url)))
        return await self._post(self._settings.url.reveal(), body.encode())


def payload(message: Message) -> dict[str, Any]:
    """Return `message` as blocks in a coloured bar; `text` is what a notification shows."""
    colour = _COLOURS[message.severity] if message.firing else _OVER
    title = {"type": "plain_text", "text": one_line(message.title, MAX_HEADER), "emoji": False}
    more = f"And {message.left_out} more alerts. " if message.left_out else ""
    footer = _mrkdwn(f"{more}<{escaped(message.page_url, MAX_VALUE)}|Status page>")
    blocks = [
        {"type": "header", "text": title},
        *({"type": "section", "text": _mrkdwn(_section(item))} for item in message.items),
        {"type": "context", "elements": [footer]},
    ]
    return {
        "text": escaped(one_line(message.title, MAX_SECTION), MAX_SECTION),
        "attachments": [{"color": colour, "blocks": blocks}],
    }


def escaped(text: str, limit: int) -> str:
    """Return `text` with Slack's three characters escaped, cut to `limit` between two of them.

    Without it a queue called `<!channel>` would call everybody.
    """
    parts: list[str] = []
    length = 0
    for character in text:
        part = _ESCAPES.get(character, character)
        if length + len(part) > limit - 1:
            return "".join(parts) + "…"
        parts.append(part)
        length += len(part)
    return "".join(parts)


def _mrkdwn(text: str) -> dict[str, Any]:
    # Verbatim: names are not to become links or mentions.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _section(item: Item) -> str:
    lines = [escaped(one_line(item.headline, MAX_VALUE), MAX_VALUE)]
    for row in item.rows:
        line = f"*{row.heading}* {_value(row)}"
        if sum(map(len, lines)) + len(lines) + len(line) <= MAX_SECTION:
            lines.append(line)
    return "\n".join(lines)


def _value(row: Row) -> str:
    text = one_line(row.text, MAX_VALUE)
    if row.kind == "code":
        # A backtick would end the code.
        return f"`{escaped(text.replace('`', chr(39)), MAX_VALUE)}`"
    return escaped(text, MAX_VALUE)
