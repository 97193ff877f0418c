"""What a client asks for in Accept and Accept-Encoding. Called by `web/metrics.py`."""

from collections.abc import Iterator

from monitor.web.exposition import Format


def chosen_format(accept: str) -> Format:
    """Return the exposition format that an Accept header likes best; text where it is silent."""
    best, best_quality = Format.TEXT, 0.0
    for media, parameters in _items(accept):
        version = parameters.get("version", "")
        if media == "application/openmetrics-text" and version in ("", "1.0.0"):
            form = Format.OPENMETRICS
        elif media in ("text/plain", "text/*", "*/*") and version in ("", "0.0.4"):
            form = Format.TEXT
        else:
            continue
        if _quality(parameters) > best_quality:
            best, best_quality = form, _quality(parameters)
    return best


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether an Accept-Encoding header allows gzip."""
    return any(
        coding in ("gzip", "*") and _quality(parameters) > 0
        for coding, parameters in _items(accept_encoding)
    )


def _items(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    for item in header.lower().split(","):
        value, *parameters = (part.strip() for part in item.split(";"))
        yield value, dict(p.split("=", 1) for p in parameters if "=" in p)


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", 1))
    except ValueError:
        return 0.0
