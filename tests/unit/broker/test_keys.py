"""Names of keys and channels, checked against what kombu itself makes of the same options."""

import re
from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kombu.transport.redis import Channel
from kombu.transport.virtual.exchange import TopicExchange

from monitor.broker.keys import Binding, Keys, to_bytes, to_text
from monitor.broker.settings import TransportOptions


def kombu_keys(queue: str, options: TransportOptions) -> list[bytes]:
    """Return the list keys of the queue as kombu's own method names them."""
    channel = object.__new__(Channel)
    channel.sep = options.sep
    channel.priority_steps = list(options.priority_steps)
    # The prefix is put before every key when a command is sent.
    return [
        (options.global_keyprefix + channel._q_for_pri(queue, step)).encode()
        for step in options.priority_steps
    ]


@pytest.mark.parametrize(
    "options",
    [
        TransportOptions(),
        TransportOptions(global_keyprefix="acme:"),
        TransportOptions(sep=":", priority_steps=(0, 5)),
        TransportOptions(global_keyprefix="{x}", sep="|", priority_steps=tuple(range(10))),
    ],
)
def test_list_keys_are_those_of_kombu(options: TransportOptions) -> None:
    assert list(Keys(options, 0).queue("high")) == kombu_keys("high", options)


@pytest.mark.parametrize(
    ("options", "db", "pattern", "control"),
    [
        (TransportOptions(), 0, "/0.celeryev*", "/0.celery.pidbox"),
        (TransportOptions(), 7, "/7.celeryev*", "/7.celery.pidbox"),
        (TransportOptions(fanout_prefix=False), 7, "celeryev*", "celery.pidbox"),
        (TransportOptions(fanout_prefix="/{db}!"), 7, "/7!celeryev*", "/7!celery.pidbox"),
        (TransportOptions(global_keyprefix="a*"), 0, "a\\*/0.celeryev*", "a*/0.celery.pidbox"),
    ],
)
def test_channels(options: TransportOptions, db: int, pattern: str, control: str) -> None:
    keys = Keys(options, db)
    assert keys.event_pattern == pattern.encode()
    assert keys.control_channel == control.encode()


SEP = "\x06\x16"


@pytest.mark.parametrize(
    ("table", "member", "queue"),
    [
        ("_kombu.binding.normal", f"normal{SEP}{SEP}normal", "normal"),
        ("_kombu.binding.normal", f"normal{SEP}{SEP}high", "high"),
        ("_kombu.binding.celeryev", f"worker.#{SEP}{SEP}celeryev.3f2a", None),
        ("_kombu.binding.celery.pidbox", f"{SEP}{SEP}high@web1.celery.pidbox", None),
        ("_kombu.binding.reply.celery.pidbox", f"x{SEP}{SEP}x.reply.celery.pidbox", None),
        ("_kombu.binding.odd", "no separator", "no separator"),
        ("_kombu.binding.odd", f"rk{SEP}{SEP}", None),
    ],
)
def test_only_task_queues_are_taken_from_bindings(
    table: str, member: str, queue: str | None
) -> None:
    keys = Keys(TransportOptions(), 0)
    bound = keys.binding(to_bytes(table), to_bytes(member))
    assert (bound and bound.queue_name) == queue


TOPICS = [
    # Pattern, keys that it takes, keys that it does not.
    ("a.b", ("a.b",), ("a", "a.b.c", "b.a", "")),
    ("*", ("a", "ab"), ("", "a.b")),
    ("a.*", ("a.b",), ("a", "a.", "a.b.c", "ab")),
    ("*.b", ("a.b",), (".b", "a.a.b")),
    ("#", ("", "a", "a.b.c"), ()),
    ("a.#", ("a.b", "a.b.c", "a."), ("a", "ab")),
    ("#.z", ("a.z", "a.b.z", ".z"), ("z", "a.zz")),
    ("a.#.*", ("a.b.c", "a.b.c.d"), ("a.b", "b.b.c")),
]


@pytest.mark.parametrize(("pattern", "taken", "left"), TOPICS, ids=[case[0] for case in TOPICS])
def test_a_topic_takes_what_its_pattern_says(
    pattern: str, taken: tuple[str, ...], left: tuple[str, ...]
) -> None:
    binding = Binding("events", pattern, "high", topic=True)
    assert [key for key in taken + left if binding.takes(key)] == list(taken)


_words = st.lists(st.sampled_from(["a", "b", "ab", "*", "#", ""]), max_size=5).map(".".join)


@given(_words, _words.map(lambda key: key.replace("*", "a").replace("#", "b")))
def test_a_topic_takes_what_kombu_takes(pattern: str, routing_key: str) -> None:
    theirs = re.fullmatch(TopicExchange(None).key_to_pattern(pattern), routing_key) is not None
    assert Binding("events", pattern, "high", topic=True).takes(routing_key) is theirs


def test_the_binding_pattern_does_not_match_the_neighbours() -> None:
    pattern = to_text(Keys(TransportOptions(), 0).binding_pattern).replace("\\", "")
    assert fnmatchcase("_kombu.binding.normal", pattern)
    for neighbour in ("_kombu.binding_permanent.normal", "_kombu.binding_deadlines"):
        assert not fnmatchcase(neighbour, pattern)


def test_a_name_that_is_not_utf8_survives() -> None:
    assert to_bytes(to_text(b"\xff\xfe queue")) == b"\xff\xfe queue"
