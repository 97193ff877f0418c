"""Names as label values: valid UTF-8, bounded, and still distinct.

Queues, workers, tasks and exceptions are called whatever somebody called them: 10 kB,
newlines, bytes that are no UTF-8. Metrics, alerts and the API all use this one text for a
name, so that their labels are equal.
"""

from hashlib import sha256

LIMIT_BYTES = 256


def as_utf8(text: str) -> str:
    """Return `text` with bytes that were no UTF-8 when it was read (lone surrogates) escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def printable(text: str) -> str:
    """Return `text` with what cannot be printed written as an escape.

    Newlines, controls, marks that turn the direction of writing and bytes that were no UTF-8
    must neither vanish nor change what stands beside them.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def bounded(name: str, limit_bytes: int = LIMIT_BYTES) -> str:
    """Return `name` itself, or what stands for it where it is too long or not valid UTF-8.

    A name that had to be changed ends in `~` and a hash of the whole, so that two names which
    differ only past the cut stay two. The result encodes to at most `limit_bytes`.
    """
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        # Lone surrogates: bytes that were no UTF-8 when the name was read.
        encoded = name.encode("utf-8", "backslashreplace")
    else:
        if len(encoded) <= limit_bytes:
            return name
    suffix = "~" + sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return encoded[: limit_bytes - len(suffix)].decode("utf-8", "ignore") + suffix
