"""Tasks put together (Celery calls it canvas), each way where it is of use, and what becomes of
it when one in the middle fails.

Each function returns what can be sent: `workflow.apply_async()`. `command` sends them by name.
"""

from collections.abc import Sequence
from typing import Any

from celery import chain, chord, group

from monitor.reference_app import pictures, tasks

NEWSLETTERS_A_CHUNK = 10


def thumbnails(photos: Sequence[str]) -> Any:
    """Make all small versions of an album side by side: a group.

    One that fails takes none of the others along. `result.successful()` is False then, and
    `result.get()` raises what it raised; `result.get(propagate=False)` has both kinds.
    """
    return group(
        pictures.make_thumbnail.s(photo, width) for photo in photos for width in pictures.WIDTHS
    )


def photo(album: str, name: str) -> Any:
    """Import a photo, make it smaller, publish that: a chain, each taking what the former made.

    After one that fails nothing runs: a photo that is broken is not published. What was done
    before stays done, and the last result never comes; its parents say how far it got.
    """
    return chain(
        pictures.import_photo.s(album, name),
        pictures.make_thumbnail.s(max(pictures.WIDTHS)),
        pictures.publish_photo.s(),
    )


def election(boxes: Sequence[Sequence[str]]) -> Any:
    """Count all boxes side by side, and then announce who won: a chord.

    If one box cannot be counted, there is no winner: the body does not run, and its result is a
    ChordError that names the box's. The other boxes are counted all the same.
    """
    return chord((tasks.count_ballots.s(box) for box in boxes), tasks.announce_winner.s())


def newsletter(addresses: Sequence[str], issue: int) -> Any:
    """Mail many readers, ten to a message: chunks, so that the messages do not outweigh the mails.

    A chunk is one task. Where one address fails, the rest of its ten has no mail, and the other
    chunks go on. Sending the issue again mails those only, for who had it is noted.
    """
    arguments = [(address, issue) for address in addresses]
    chunks = tasks.send_newsletter.chunks(arguments, NEWSLETTERS_A_CHUNK).group()
    # A chunk is a task of Celery's own, of which our routes know nothing.
    return group(chunk.set(queue="low") for chunk in chunks.tasks)
