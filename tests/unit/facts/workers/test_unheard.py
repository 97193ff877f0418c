"""Names in the mailbox registry of which nothing else is known."""

from monitor.facts.workers.unheard import Unheard


def registry(*names: str, heard: frozenset[str] = frozenset(), at: float = 0.0) -> Unheard:
    book = Unheard()
    book.registered(frozenset(names), at)
    book.step(at + 30.0, heard.__contains__)
    return book


def test_who_is_registered_and_never_heard_is_told_once() -> None:
    book = registry("a@h", "b@h", heard=frozenset({"b@h"}))
    assert (book.names, book.newly(), book.newly()) == (("a@h",), ("a@h",), ())


def test_one_that_is_starting_gets_the_time_to_be_heard() -> None:
    book = Unheard()
    book.registered(frozenset({"a@h"}), 0.0)
    book.step(29.0, lambda _: None)
    assert book.names == ()


def test_one_that_is_heard_at_last_is_no_longer_told_of() -> None:
    book = registry("a@h")
    book.step(31.0, lambda _: True)
    assert book.names == ()


def test_one_that_was_heard_and_forgotten_was_heard_all_the_same() -> None:
    book = registry("a@h", heard=frozenset({"a@h"}))
    book.registered(frozenset({"a@h"}), 300.0)
    book.step(400.0, lambda _: False)
    assert book.names == ()


def test_one_that_leaves_the_registry_is_forgotten() -> None:
    book = registry("a@h")
    book.registered(frozenset(), 300.0)
    book.step(300.0, lambda _: False)
    assert book.names == ()


def test_old_ones_are_counted_and_no_longer_shown() -> None:
    book = registry("a@h")
    book.registered(frozenset({"a@h", "b@h"}), 3600.0)
    book.step(3700.0, lambda _: False)
    assert (len(book.names), book.lately(3700.0, 3600.0)) == (2, ("b@h",))
