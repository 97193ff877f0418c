"""From what was written to what pydantic can judge.

Here keys are compared with those that exist, `<name>_file` is read, a key without a value
counts as not written, and Celery options that concern workers only are set aside. Every node
learns its path, and what cannot be used is reported and taken out of the tree.
"""

from pathlib import Path as FilePath

from monitor.config.document import Node, Unusable
from monitor.config.problem import Problem, quoted, written_path
from monitor.config.scalars import NOT_UNICODE
from monitor.config.shape import Choice, Listing, Section, Shape, Table, named_paths, root
from monitor.values.suggestion import did_you_mean

_SECRET_FILE_MAX_BYTES = 65_536


def settle(node: Node, shape: Shape, problems: list[Problem]) -> bool:
    """Prepare `node`, whose path is set, and all below it. Return whether it can be used."""
    match node.value, shape:
        case Unusable(), _:
            return False
        case dict() as entries, Section():
            _settle_section(node, entries, shape, problems)
        case dict() as entries, Choice():
            section = _chosen(node, entries, shape, problems)
            if section is None:
                return False
            _settle_section(node, entries, section, problems)
        case dict() as entries, Table():
            for key, entry in list(entries.items()):
                entry.path = (*node.path, key)
                if not settle(entry, shape.value, problems):
                    del entries[key]
        case list() as items, Listing():
            for index, item in enumerate(items):
                item.path = (*node.path, index)
            items[:] = [item for item in items if settle(item, shape.item, problems)]
    return True


def _settle_section(
    node: Node, entries: dict[str, Node], section: Section, problems: list[Problem]
) -> None:
    for key, entry in list(entries.items()):
        entry.path = (*node.path, key)
        if key in section.ignored:
            del entries[key]
        elif key not in section.writable:
            advice = did_you_mean(key, section.writable) or _not_indented(key, section)
            message = "unknown key" + advice
            problems.append(Problem(entry.key_place or entry.place, entry.path, message))
            del entries[key]
    for file_key, key in section.file_keys.items():
        if file_key in entries:
            _settle_secret_file(entries, file_key, key, problems)
    for key, entry in list(entries.items()):
        described = section.keys[key]
        left_empty = entry.value is None and not described.required
        if left_empty or (not settle(entry, described.shape, problems) and not described.required):
            del entries[key]


def _not_indented(key: str, section: Section) -> str:
    """Return advice for a `key` at the top that is known further below."""
    below = (path for path in named_paths() if path[-1] == key) if section is root() else ()
    return next((f" (did you mean {written_path(path)!r}? indent it)" for path in below), "")


def _settle_secret_file(
    entries: dict[str, Node], file_key: str, key: str, problems: list[Problem]
) -> None:
    named = entries.pop(file_key)
    if named.value is None:
        return
    message = None
    if key in entries:
        message = f"{key} is given too: keep one of the two"
    elif not isinstance(named.value, str):
        message = "expected the name of a file"
    else:
        try:
            named.value = _read_secret(named.value)
        except OSError as error:
            message = f"{quoted(named.written)} cannot be read: {error.strerror}"
        except ValueError as error:
            message = f"{quoted(named.written)} {error}"
    if message:
        problems.append(Problem(named.place, named.path, message))
        named.value = Unusable()
    entries.setdefault(key, named)


def _read_secret(name: str) -> str:
    """Return the text of a file without the newline at its end. Raises OSError, ValueError."""
    if "\0" in name:
        raise ValueError("is not the name of a file")
    with FilePath(name).open("rb") as file:
        content = file.read(_SECRET_FILE_MAX_BYTES + 1)
    if len(content) > _SECRET_FILE_MAX_BYTES:
        raise ValueError("is too large to be a secret")
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(NOT_UNICODE) from None
    if not text:
        raise ValueError("is empty")
    return text


def _chosen(
    node: Node, entries: dict[str, Node], choice: Choice, problems: list[Problem]
) -> Section | None:
    known = ", ".join(choice.sections)
    chosen = entries.get("type")
    if chosen is None or chosen.value is None:
        problems.append(Problem(node.place, (*node.path, "type"), f"is required: one of {known}"))
        return None
    if isinstance(chosen.value, Unusable):
        return None
    if isinstance(chosen.value, str) and chosen.value in choice.sections:
        return choice.sections[chosen.value]
    message = f"unknown type {quoted(chosen.written)}: expected one of {known}"
    message += did_you_mean(chosen.value, choice.sections)
    problems.append(Problem(chosen.place, (*node.path, "type"), message))
    return None
