from pathlib import Path

from monitor.config.describe import descriptions
from monitor.config.reference import settings_reference
from monitor.config.shape import Choice, Listing, Section, Shape, root

DOCUMENT = Path(__file__).parents[3] / "docs" / "settings.md"


def sections_of(shape: Shape) -> list[Section]:
    match shape:
        case Section():
            below = (sections_of(key.shape) for key in shape.keys.values())
            return [shape, *(section for found in below for section in found)]
        case Listing():
            return sections_of(shape.item)
        case Choice():
            return list(shape.sections.values())
    return []


def test_the_document_is_current() -> None:
    assert DOCUMENT.read_text() == settings_reference(), (
        "python -m monitor.config.reference > docs/settings.md"
    )


def test_every_setting_says_what_it_is_for() -> None:
    for section in sections_of(root()):
        fields = {key.field for key in section.keys.values()}
        assert fields == set(descriptions(section.settings)) & fields
