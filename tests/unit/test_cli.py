"""Every command says what it is for, what it says can be typed, and all say mistakes alike."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor import cli
from monitor.checks import command as check

Words = tuple[str, ...]


def said(words: Words) -> str:
    """Return what `queue-monitor WORDS --help` prints, in a terminal of 80 columns."""
    with pytest.MonkeyPatch.context() as patch:
        written: list[str] = []
        patch.setattr("sys.stdout", type("Out", (), {"write": lambda _s, t: written.append(t)})())
        patch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit):
            cli.main([*words, "--help"])
    return "".join(written)


def commands(words: Words = ()) -> Iterator[Words]:
    """Yield every command below `words`, with all of its words."""
    for name in re.findall(r"(?m)^    ([a-z][a-z-]+)\b", said(words)):
        yield (*words, name)
        yield from commands((*words, name))


COMMANDS = [*commands()]


def test_the_commands_are_found() -> None:
    assert {("run",), ("rules", "test"), ("silence", "add"), ("check", "queues")} <= {*COMMANDS}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_in_a_sentence_what_it_is_for(words: Words) -> None:
    _, description, *_ = said(words).split("\n\n")
    assert re.fullmatch(r"[A-Z].*[.;].*", description, re.DOTALL), description


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if "example: " in said(words)], ids=" ".join
)
def test_every_example_can_be_typed(words: Words) -> None:
    example = said(words).partition("example: ")[2]
    program, *typed = shlex.split(example.partition(" > ")[0])
    assert (program, tuple(typed[: len(words)])) == ("queue-monitor", words)
    parser = check.parser_of(typed) if words[0] == "check" else cli.parser_of(typed)
    parser.parse_args(typed[words[0] == "check" :])


@pytest.mark.parametrize(
    "words", [("run",), ("config", "check"), ("config", "show"), ("notify", "test", "slack")]
)
def test_every_command_says_alike_what_is_wrong_with_the_settings(
    words: Words, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("brokers: [{url: redis://nowhere.invalid/0}]\npol: {}\n")
    assert cli.main([*words, "--config", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"{file}:2:1: pol: ")
