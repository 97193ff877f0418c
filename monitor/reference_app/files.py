"""Writing files that others read, or write, at the same moment. Used by `site` and `pictures`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """Yield where to write what is to stand in the place of `file` when the block is over.

    A reader sees the old one or the new one, never half; of several writers the last one counts.
    """
    new = file.with_name(f"{file.name}.{uuid4().hex}.new")
    yield new
    new.replace(file)
