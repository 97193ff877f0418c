"""docs/channels.md is held to the settings: every example in it works, and every type has one."""

import re
import textwrap
from pathlib import Path

from monitor.config.load import load
from monitor.config.shape import Choice, Listing, root

DOC = Path(__file__).parents[3] / "docs" / "channels.md"
EXAMPLES = [
    textwrap.dedent(block).removeprefix("channels:\n")
    for block in re.findall(r"```yaml\n(.*?)```", DOC.read_text(), re.DOTALL)
]


def test_every_example_can_be_used(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("https://key@example.com/42\n")
    for example in EXAMPLES:
        file = tmp_path / "config.yaml"
        items = re.sub(r"/run/secrets/\w+", str(secret), textwrap.dedent(example))
        file.write_text('brokers: [{url: "redis://localhost/0"}]\nchannels:\n' + items)
        assert len(load(file, {}).channels) == 1


def test_every_type_of_channel_has_an_example_under_its_name() -> None:
    channels = root().keys["channels"].shape
    assert isinstance(channels, Listing)
    assert isinstance(channels.item, Choice)
    headings = re.findall(r"^### (\w+)$", DOC.read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(channels.item.sections)
    assert {f"type: {each}" in "".join(EXAMPLES) for each in headings} == {True}
