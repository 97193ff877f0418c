import re
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from monitor.facts.history import STATES_BY_GRAVITY, STEPS, Line
from monitor.web.page.charts import HEIGHT, WIDTH, chart, sparkline, strip
from monitor.web.page.objects import STATE_KINDS


def line(*latest: float | None) -> Line:
    return Line((None,) * (STEPS - len(latest)) + latest, 0.0)


def words(value: float) -> str:
    return f"{value:,.0f}"


VALUES = st.lists(st.one_of(st.none(), st.floats(0, 1e9, width=32)), min_size=STEPS, max_size=STEPS)


@given(VALUES)
def test_a_drawing_is_well_formed_and_stays_within_its_frame(values: list[float | None]) -> None:
    hour = Line(tuple(values), 0.0)
    figure = chart("Waiting", [("in", hour), ("out", hour)], words)
    for drawn in (figure, sparkline(hour, words) or "<svg/>"):
        tree = ElementTree.fromstring(drawn)  # noqa: S314 - we made it
        for path in tree.iter("path"):
            for x, y in re.findall(r"(\d+) (-?\d+)", path.attrib["d"]):
                assert 0 <= int(x) <= WIDTH
                assert 0 <= int(y) <= HEIGHT


def test_a_chart_says_in_words_what_it_shows() -> None:
    assert 'aria-label="last hour: 0 to 1,243, last 30s up to 12"' in sparkline(
        line(0, 1_243, 12), words
    )
    assert "3 to 3, not known now" in sparkline(line(3, None), words)
    assert "in 3 to 3, last 30s up to 3" in chart(
        "Rates", [("in", line(3)), ("out", line(4))], words
    )
    assert "not known in the last hour" in chart("Waiting", [("", line())], words)


def test_nothing_is_drawn_of_what_is_not_known() -> None:
    assert sparkline(None, words) == sparkline(line(None), words) == ""
    apart = chart("Waiting", [("", line(1, None, 1))], words)
    (drawn,) = re.findall('<path d="([^"]+)" class="line a">', apart)
    assert drawn.count("M") == 2


def test_a_strip_names_the_states_one_after_the_other() -> None:
    online, dead = (float(STATES_BY_GRAVITY.index(state)) for state in ("online", "dead"))
    drawn = strip("State", line(online, online, dead), STATE_KINDS)
    assert "online 1m, then dead 30s" in drawn
    assert re.findall(r'<rect [^>]*class="(\w+)"', drawn) == ["good", "critical"]
