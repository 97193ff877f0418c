"""Writes `docs/settings.md` from the settings dataclasses: `python -m monitor.config.reference`.

A test compares the file with what this makes, so that the two cannot drift apart.
"""

import json
from collections.abc import Iterator

from monitor.broker.celery_options import WORKERS_OWN_OPTIONS
from monitor.config.describe import descriptions
from monitor.config.environment import PREFIX
from monitor.config.shape import Choice, Key, Leaf, Listing, Section, Shape, Table, root
from monitor.config.show import written

_HEAD = f"""\
# Settings

`queue-monitor run --config FILE` reads a YAML file; `config.example.yaml` is one to start from.
Flags beat the environment, the environment beats the file. `queue-monitor config check` says
everything that is wrong, with line and column; `config show` prints what is in effect, with
secrets masked; `config schema` prints a JSON Schema for editors.

## How values are written

- A duration has a unit: `500ms`, `30s`, `5m`, `1h30m`, `7d`.
- A key without a value counts as not written.
- `yes`, `on`, `010` and `12:30` mean different things to different readers of YAML. They are
  refused: write `true`, `10`, or put the text in quotes. Anchors, merge keys and tags are refused
  too.
- `${{NAME}}` in a value of the file stands for an environment variable, also in quotes, and
  only in quotes inside `[]` and `{{}}`; `$${{` stands for the text `${{`. A variable that
  is not set is an error.
- A secret can stand in a file of its own: `url_file` in place of `url`, `dsn_file` in place of
  `dsn`. A newline at the end of that file is not part of the secret.
- Names of files are relative to the directory that the monitor is started in.

## Environment

Every setting has a variable: `{PREFIX}` and its path joined by two underscores, such as
`{PREFIX}POLL__INTERVAL=10s`. A list item is named by its position, from 0:
`{PREFIX}BROKERS__0__URL`. A whole list or mapping is written as YAML:
`{PREFIX}BROKERS='[{{url: "redis://one/0", name: one}}]'`. Lists and mappings replace those of the
file; sections are merged. An empty variable counts as not set, and what Kubernetes sets for a
service called queue-monitor is let be.

A single broker, called `default`, can be given by `{PREFIX}BROKER_URL` or by Celery's own
`CELERY_BROKER_URL`, where no other is named. Several `--broker` flags are called by host, port and
database: `redis-1:6379/0`.
"""


def settings_reference() -> str:
    """Return the whole document, in Markdown."""
    words = descriptions(root().settings)
    parts = [_HEAD]
    for name, key in root().keys.items():
        parts.append(f"## `{name}`\n\n{words[key.field]}\n")
        parts += _tables(key.shape, name)
    return "\n".join(parts)


def _tables(shape: Shape, path: str) -> Iterator[str]:
    match shape:
        case Listing():
            yield from _tables(shape.item, f"{path}[]")
        case Choice():
            for word, section in shape.sections.items():
                purpose = section.settings.__doc__ or ""
                yield f"### `type: {word}`\n\n{purpose}\n\n{_table(section, path)}"
        case Section():
            yield _table(shape, path)


def _table(section: Section, path: str) -> str:
    rows = "".join(f"{row}\n" for row in _rows(section, path))
    note = ""
    if any(key.shape.ignored for key in section.keys.values() if isinstance(key.shape, Section)):
        names = ", ".join(f"`{name}`" for name in sorted(WORKERS_OWN_OPTIONS))
        note = f"\nOptions of Celery that may stand there and are ignored: {names}.\n"
    return f"| setting | what to write | default | |\n|---|---|---|---|\n{rows}{note}"


def _rows(section: Section, path: str) -> Iterator[str]:
    words = descriptions(section.settings)
    for name, key in section.keys.items():
        here = f"{path}.{name}"
        ways = " or ".join(f"`{way}`" for way in (here, *_file_ways(section, name, path)))
        if isinstance(key.shape, Section):
            yield from _rows(key.shape, here)
        else:
            yield f"| {ways} | {_kind(key.shape)} | {_default(key)} | {words[key.field]} |"
            yield from _item_rows(key.shape, here)


def _item_rows(shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, Listing) and isinstance(shape.item, Section):
        yield from _rows(shape.item, f"{path}[]")


def _file_ways(section: Section, name: str, path: str) -> list[str]:
    return [f"{path}.{file_key}" for file_key in section.file_keys_of(name)]


def _kind(shape: Shape) -> str:
    match shape:
        case Leaf():
            return shape.expected
        case Listing(item=Leaf() as item):
            return f"a list: {item.expected}"
        case Table(value=Leaf() as value):
            return f"a mapping to {value.expected}"
    return shape.expected


def _default(key: Key) -> str:
    if key.required:
        return "required"
    default = written(key.default, key.shape)
    return "" if default is None else f"`{json.dumps(default)}`"


if __name__ == "__main__":
    print(settings_reference(), end="")
