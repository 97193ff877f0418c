"""Labels as the exposition formats write them."""

from collections.abc import Iterable

from monitor.values.names import bounded


def label_text(names: Iterable[str], values: Iterable[object]) -> str:
    """Return `name="value",…` as both exposition formats write it, without the braces."""
    return ",".join(
        f'{name}="{_escaped(bounded(str(value)))}"'
        for name, value in zip(names, values, strict=True)
    )


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
