"""Each workflow with made-up work, sent and awaited: `queue-monitor reference-app workflow`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from celery.exceptions import TimeoutError as CeleryTimeoutError
from celery.result import GroupResult

from monitor.reference_app import pictures, workflows

_ISSUE = 1


def play(name: str, *, broken: bool, seconds: float) -> Iterator[str]:
    """Send a workflow and yield what became of each of its tasks; `broken`: one has bad input.

    Raises TimeoutError when it is not over within `seconds`, and
    kombu.exceptions.OperationalError without a broker.
    """
    links = _links(_WORKFLOWS[name](broken).apply_async())
    for number, link in enumerate(links):
        try:
            link.get(timeout=seconds, propagate=False)
        except CeleryTimeoutError as error:
            raise TimeoutError(f"{name} is not over after {seconds} s") from error
        for result in getattr(link, "results", None) or [link]:
            yield f"{result.state.lower()}: {result.result!r}"
        if link.failed() and not isinstance(link, GroupResult):
            # What is behind it in a chain is never sent, so there is nothing to wait for.
            yield from ["never sent"] * (len(links) - number - 1)
            return


def _links(last: Any) -> list[Any]:
    """Return the results that follow upon each other, the first first; one may be a group's."""
    links = [last]
    while links[0].parent is not None:
        links.insert(0, links[0].parent)
    return links


def _thumbnails(broken: bool) -> Any:
    photos = [pictures.import_photo("album", name) for name in ("beach", "hills")]
    return workflows.thumbnails([*photos, *(["album/lost.png"] if broken else [])])


def _photo(broken: bool) -> Any:
    return workflows.photo("album", "broken" if broken else "harbour")


def _election(broken: bool) -> Any:
    boxes = [["ada", "bao", "ada"], ["bao", "ada"], ["esi"]]
    return workflows.election([*boxes, *([["ada", ""]] if broken else [])])


def _newsletter(broken: bool) -> Any:
    readers = [f"reader{number}@mail.example" for number in range(20)]
    if broken:
        readers[3] = "no address"
    return workflows.newsletter(readers, _ISSUE)


_WORKFLOWS: Mapping[str, Callable[[bool], Any]] = {
    "thumbnails": _thumbnails,
    "photo": _photo,
    "election": _election,
    "newsletter": _newsletter,
}
