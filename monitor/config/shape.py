"""Which settings there are, read from the settings dataclasses.

The names in the environment, the advice in errors, `config show`, the JSON Schema and
docs/settings.md all follow this one description, so that a setting is declared once: as a
field beside the behaviour it sets.
"""

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cache, reduce
from operator import or_
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from monitor.broker.celery_options import SENTINELS_OWN_OPTIONS, WORKERS_OWN_OPTIONS
from monitor.broker.settings import SentinelOptions, TransportOptions
from monitor.config.problem import Path
from monitor.config.settings import Settings
from monitor.values.secret import Secret
from monitor.values.units import Bytes, Seconds


@dataclass(frozen=True, slots=True)
class Leaf:
    """A setting with one value."""

    expected: str
    """What a user must write, for messages and docs."""
    words: tuple[str, ...] = ()
    """The only values that are allowed, where there are few."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list."""

    item: "Shape"
    expected: str = "a list"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys the user chooses."""

    value: "Shape"
    expected: str = "a mapping"


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys: one settings dataclass."""

    settings: type
    keys: Mapping[str, "Key"]
    """By the key as it is written."""
    ignored: frozenset[str] = frozenset()
    """Keys that may be there and mean nothing here."""
    expected: str = "a mapping"

    @property
    def file_keys(self) -> Mapping[str, str]:
        """From `<name>_file` to `<name>`, for the secrets that can stand in a file."""
        return {f"{name}_file": name for name, key in self.keys.items() if key.shape == SECRET}

    def file_keys_of(self, name: str) -> list[str]:
        """Return what can be written instead of the key `name`: nothing, or `<name>_file`."""
        return [file_key for file_key, secret in self.file_keys.items() if secret == name]

    def written(self, field: str) -> str:
        """Return the key of the dataclass's `field`."""
        return next((name for name, key in self.keys.items() if key.field == field), field)

    @property
    def writable(self) -> tuple[str, ...]:
        """All keys that a user can write."""
        return (*self.keys, *self.file_keys)


@dataclass(frozen=True, slots=True)
class Choice:
    """A mapping whose key `type` says which section it is."""

    sections: Mapping[str, Section]
    expected: str = "a mapping"


Shape = Leaf | Listing | Table | Section | Choice


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    field: str
    """The name of the dataclass's field: a Python keyword gets an underscore."""
    shape: Shape
    required: bool
    default: object = None


TEXT = Leaf("text")
SECRET = Leaf("secret text")
DURATION = Leaf("a duration such as 30s")
SIZE = Leaf("a size such as 10MB")
BOOLEAN = Leaf("true or false")
INTEGER = Leaf("a whole number")
NUMBER = Leaf("a number")
BOOLEAN_OR_TEXT = Leaf("true, false or text")

_LEAVES: Mapping[Any, Leaf] = {
    str: TEXT,
    Secret: SECRET,
    Seconds: DURATION,
    Bytes: SIZE,
    bool: BOOLEAN,
    int: INTEGER,
    float: NUMBER,
    bool | str: BOOLEAN_OR_TEXT,
}

_IGNORED: Mapping[type, frozenset[str]] = {
    TransportOptions: WORKERS_OWN_OPTIONS,
    SentinelOptions: SENTINELS_OWN_OPTIONS,
}


@cache
def root() -> Section:
    """Return the shape of all settings."""
    return section_of(Settings)


def section_of(settings: type) -> Section:
    """Return the shape of a mapping whose keys are the fields of the dataclass `settings`."""
    hints = get_type_hints(settings, include_extras=True)
    keys = {_written(field.name): _key(field, hints[field.name]) for field in fields(settings)}
    return Section(settings, keys, _IGNORED.get(settings, frozenset()))


def _written(field: str) -> str:
    bare = field.removesuffix("_")
    return bare if keyword.iskeyword(bare) else field


def _key(field: Field[Any], hint: Any) -> Key:
    shape = _shape(hint)
    if field.default_factory is not MISSING:
        return Key(field.name, shape, required=False, default=field.default_factory())
    if field.default is not MISSING:
        return Key(field.name, shape, required=False, default=field.default)
    return Key(field.name, shape, required=True)


def _shape(hint: Any) -> Shape:
    if hint in _LEAVES:
        return _LEAVES[hint]
    if is_dataclass(hint):
        return section_of(hint)  # type: ignore[arg-type]  # a hint is a class, never an instance
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _shape(arguments[0])
    if origin in (Union, UnionType):
        return _alternatives(arguments)
    return _generic(hint, origin, arguments)


def _alternatives(members: tuple[Any, ...]) -> Shape:
    present = tuple(member for member in members if member is not NoneType)
    if len(present) < len(members):
        return _shape(reduce(or_, present))
    return Choice({_type_of(member): section_of(member) for member in present})


def _generic(hint: Any, origin: Any, arguments: tuple[Any, ...]) -> Shape:
    if origin is Literal:
        several = "one of " if len(arguments) > 1 else ""
        return Leaf(several + ", ".join(arguments), words=arguments)
    if origin is tuple:
        return Listing(_shape(arguments[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return Table(_shape(arguments[1]))
    raise TypeError(f"a setting cannot be of type {hint}: add it to shape.py")


def _type_of(settings: type) -> str:
    word: str = get_args(get_type_hints(settings)["type"])[0]
    return word


def child(shape: Shape, step: str | int) -> Shape | None:
    """Return the shape of what `step` leads to; None when no such setting exists.

    Of a choice whose type is not known here, any section that has the key will do.
    """
    match shape:
        case Listing() if isinstance(step, int):
            return shape.item
        case Table() if isinstance(step, str):
            return shape.value
        case Section() if step in shape.keys:
            return shape.keys[str(step)].shape
        case Section() if step in shape.file_keys:
            return TEXT
        case Choice():
            found = (child(section, step) for section in shape.sections.values())
            return next((each for each in found if each is not None), None)
    return None


def shape_at(path: Path) -> Shape | None:
    """Return the shape of the setting at `path`; None when no such setting exists."""
    shape: Shape | None = root()
    for step in path:
        shape = child(shape, step) if shape else None
    return shape


def named_paths(section: Section | None = None, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every setting that can be named without a list position or free key."""
    section = section or root()
    for name in section.writable:
        yield (*path, name)
        nested = child(section, name)
        if isinstance(nested, Section):
            yield from named_paths(nested, (*path, name))


def leaves(settings: object) -> Iterator[tuple[Path, Leaf, object]]:
    """Yield every single value of `settings` with its path; of tables and lists each item's."""
    yield from _leaves(settings, root(), ())


def _leaves(value: Any, shape: Shape, path: Path) -> Iterator[tuple[Path, Leaf, object]]:
    match shape:
        case Leaf():
            yield path, shape, value
        case Choice():
            yield from _leaves(value, shape.sections[value.type], path)
        case Section():
            for name, key in shape.keys.items():
                yield from _leaves(getattr(value, key.field), key.shape, (*path, name))
        case Listing():
            for index, item in enumerate(value):
                yield from _leaves(item, shape.item, (*path, index))
        case Table():
            for name, item in value.items():
                yield from _leaves(item, shape.value, (*path, name))
