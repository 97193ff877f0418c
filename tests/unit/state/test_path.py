from pathlib import Path

import pytest

from monitor.state.path import default_path


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/queue-monitor"}, "/var/lib/queue-monitor/state.db"),
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a/state.db"),
        ({"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/queue-monitor/state.db"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/h"}, "/h/.local/state/queue-monitor/state.db"),
        ({"HOME": "/h"}, "/h/.local/state/queue-monitor/state.db"),
    ],
)
def test_where_the_state_is_kept(environ, expected):
    assert default_path(environ) == Path(expected)
