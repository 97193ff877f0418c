"""The tasks about photos, with Pillow: import, small versions, publishing.

They hand on names of files, never the pictures themselves: a broker is no place for megabytes.
Each writes the same file however often it runs, so they are acknowledged late.
"""

# Celery ships no types, so that mypy knows nothing of its decorator.
# mypy: disable-error-code="untyped-decorator"

import contextlib
from pathlib import Path
from typing import Any

from monitor.reference_app.app import app
from monitor.reference_app.files import replacing
from monitor.reference_app.settings import data_folder

WIDTHS = (64, 256)
SIZE = (1024, 768)


@app.task(acks_late=True, ignore_result=False)
def import_photo(album: str, name: str) -> str:
    """Take over a photo that was uploaded, and return its file's name.

    There is no camera here, so a picture is painted, another one for each name. Raises
    ValueError when the name is that of a broken upload.
    """
    if name.startswith("broken"):
        raise ValueError(f"{name} is no picture")
    from PIL import Image

    photo = Image.linear_gradient("L").resize(SIZE)
    tint = tuple(ord(letter) * 7 % 256 for letter in (name + "???")[:3])
    return _save(Image.merge("RGB", [photo.point(_add(shift)) for shift in tint]), album, name)


@app.task(acks_late=True, soft_time_limit=30, ignore_result=False)
def make_thumbnail(photo: str, width: int) -> str:
    """Make a small version of a photo and return its file's name. Raises OSError without it."""
    from PIL import Image

    source = data_folder() / "photos" / photo
    with Image.open(source) as image:
        image.thumbnail((width, width))
        return _save(image, source.parent.name, f"{source.stem}-{width}")


@app.task(acks_late=True, ignore_result=False)
def publish_photo(photo: str) -> str:
    """Let everybody see a photo, and return where."""
    source = data_folder() / "photos" / photo
    public = data_folder() / "public" / photo
    public.parent.mkdir(parents=True, exist_ok=True)
    # A hard link is there whole or not at all, and to make it again changes nothing. Where two
    # workers do so at once, the other one has made the same.
    public.unlink(missing_ok=True)
    with contextlib.suppress(FileExistsError):
        public.hardlink_to(source)
    return f"/photos/{photo}"


def _add(shift: int) -> Any:
    return lambda value: (value + shift) % 256


def _save(image: Any, album: str, name: str) -> str:
    """Write a picture whole or not at all; return its name within the photos."""
    photo = Path(album) / f"{name}.png"
    file = data_folder() / "photos" / photo
    file.parent.mkdir(parents=True, exist_ok=True)
    with replacing(file) as new:
        image.save(new, format="PNG")
    return str(photo)
