import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from monitor import journal
from tests.unit.hostile import HOSTILE

Write = Callable[[Literal["logfmt", "json"], str], str]


@pytest.fixture
def written() -> Iterator[Write]:
    """Return the text that one record with a hostile name in it becomes."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)

    def write(form: Literal["logfmt", "json"], name: str) -> str:
        stream = io.StringIO()
        journal.set_up(journal.JournalSettings(format=form), stream)
        journal.event(logging.getLogger("a"), logging.INFO, f"seen {name}", queue=name)
        return stream.getvalue()

    yield write
    root.handlers[:], root.level = before


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_a_record_is_one_bounded_line_whatever_is_in_it(
    form: Literal["logfmt", "json"], name: str, written: Write
) -> None:
    text = written(form, name)
    assert text.endswith("\n")
    line = text[:-1]
    assert line.isascii()
    assert line.isprintable()
    assert len(line) < 20_000


@pytest.mark.parametrize("name", [n for n in HOSTILE.values() if len(n) < 1_000])
def test_what_was_logged_can_be_read_again(name: str, written: Write) -> None:
    record = json.loads(written("json", name))
    assert (record["queue"], record["level"], record["msg"]) == (name, "info", f"seen {name}")
    decoder = json.JSONDecoder()
    after = written("logfmt", name).partition(" queue=")[2]
    assert decoder.raw_decode(after)[0] == name
