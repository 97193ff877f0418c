from typing import get_args

from monitor.channels.settings import (
    ChannelSettings,
    LogChannelSettings,
    SentrySettings,
    WebhookSettings,
)
from monitor.channels.table import TABLE, make_channels
from monitor.values.secret import Secret


def test_every_type_of_channel_is_in_the_table():
    assert set(TABLE) == set(get_args(ChannelSettings))


async def test_channels_are_made_in_the_order_of_the_settings(session):
    channels = make_channels(
        [
            WebhookSettings(type="webhook", name="a", url=Secret("http://127.0.0.1/")),
            SentrySettings(type="sentry", name="b", dsn=Secret("http://pub@127.0.0.1/1")),
            LogChannelSettings(type="log", name="c"),
        ],
        session,
        "http://monitor/",
    )
    assert [channel.name for channel in channels] == ["a", "b", "c"]
