"""What docs/checks.md says of the plugin is so."""

import re
import shlex
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from monitor.checks.command import main
from monitor.checks.question import SCOPES, question
from monitor.checks.result import UNKNOWN

TEXT = (Path(__file__).parents[3] / "docs" / "checks.md").read_text()


def test_every_kind_is_explained_with_the_option_that_names_its_objects() -> None:
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| .* \| `(--\w+)` \|$", TEXT))
    assert rows.keys() == SCOPES.keys()
    for kind, option in rows.items():
        assert option in ("--name", f"--{SCOPES[kind]}")


def test_every_option_is_explained_and_exists(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in SCOPES:
        with pytest.raises(SystemExit):
            main([kind, "--help"])
    offered = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--version"}
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT.partition("## Kubernetes")[0]))
    assert offered - told == {"--verbose", "--timeout"}, "by their letters"
    assert told - offered == set()


def test_every_command_shown_is_one(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    shown = re.findall(r"(?m)^\$ queue-monitor check (.*)$", TEXT)
    assert len(shown) == 3
    for line in shown:
        assert main([*shlex.split(line), "--url", "http://127.0.0.1:1"]) == UNKNOWN
        assert b"cannot be asked: Connection refused" in capfdbinary.readouterr().out


def test_every_url_shown_asks_something() -> None:
    shown = re.findall(r"/check/[a-z]+/[^\s\"`]+", TEXT)
    assert len(shown) == 3
    for url in shown:
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        query.pop("unknown", None)
        _, _, kind, name = parts.path.split("/", 3)
        assert question(kind, [name], **query).kind == kind
