from pathlib import Path

import pytest
import yaml

from monitor.config.load import load
from monitor.demo import daemon_process
from monitor.demo.workspace import Workspace


@pytest.mark.parametrize("alerting", [True, False])
def test_the_daemon_takes_the_settings_of_the_demo(tmp_path: Path, alerting: bool) -> None:
    with Workspace() as workspace:
        written = daemon_process.settings(
            workspace,
            broker_url="redis://127.0.0.1:1/0",
            webhook_url="http://127.0.0.1:2/",
            front_url="http://127.0.0.1:3",
            page_port=4,
            alerting=alerting,
        )
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(written))
    alerts = load(file, {}).alerts
    assert alerts.builtin is alerting
    assert [rule.alert for rule in alerts.rules] == (
        ["HighQueueBacklog", "PartnerTooSlow"] if alerting else []
    )
