"""What is made of the server's INFO."""

import hiredis
import pytest

from monitor.broker.failure import BrokerError
from monitor.broker.info import read_info
from monitor.facts.readings import ServerReading

VALKEY = b"""# Server\r
redis_version:7.2.4\r
valkey_version:9.1.2\r
run_id:abc\r
uptime_in_seconds:40\r
# Memory\r
used_memory:1000\r
maxmemory:0\r
maxmemory_policy:noeviction\r
mem_not_counted_for_evict:8\r
odd:line:with:colons\r
evicted_keys:-1\r
maxclients:10000\r
# Persistence\r
rdb_last_bgsave_status:err\r
aof_last_write_status:ok\r
role:master\r
# Errorstats\r
errorstat_OOM:count=3\r
errorstat_odd:counts\r
"""


def test_info_is_read_field_by_field() -> None:
    reading = read_info(VALKEY, 100.0)
    assert reading == ServerReading(
        version="9.1.2",
        role="master",
        started_at=60.0,
        run_id="abc",
        maxmemory_policy="noeviction",
        memory_used_bytes=1000,
        memory_max_bytes=0,
        memory_uncounted_bytes=8,
        clients_max=10_000,
        save_failing=True,
        error_replies={"OOM": 3},
    )


def test_info_that_is_forbidden_costs_only_what_it_would_say() -> None:
    forbidden = hiredis.ReplyError("NOPERM User x has no permissions to run the 'info' command")
    assert read_info(forbidden, 100.0) == ServerReading()


def test_a_server_that_is_loading_cannot_be_read() -> None:
    with pytest.raises(BrokerError) as failed:
        read_info(hiredis.ReplyError("LOADING Redis is loading the dataset in memory"), 100.0)
    assert failed.value.reason == "server"


@pytest.mark.parametrize("reply", [b"", b"OK", 1, None, [], [b"redis_version:7"]])
def test_another_kind_of_server_is_not_taken_for_a_broker(reply: object) -> None:
    with pytest.raises(BrokerError, match="what answers is not Redis") as failed:
        read_info(reply, 100.0)
    assert failed.value.reason == "protocol"
