"""The monitor's own commands, counted."""

from monitor.facts.broker.commands import Commands


def test_commands_are_counted_by_part_by_poll_and_by_minute() -> None:
    commands = Commands()
    poll, control = commands.counter("poll"), commands.counter("control")
    assert (commands.per_poll, commands.per_minute(0.0)) == (None, 0)
    poll(10)
    control(2)
    commands.polled()
    assert (commands.per_poll, commands.per_minute(5.0)) == (10, 12)
    poll(3)
    commands.polled()
    assert (commands.per_poll, commands.per_minute(10.0)) == (3, 15)
    assert commands.per_minute(66.0) == 3
    assert commands.sent == {"poll": 13, "events": 0, "control": 2}
