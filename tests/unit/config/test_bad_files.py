"""Every mistake has a file of its own in `bad/`, and this table has its exact message."""

from pathlib import Path

import pytest

from monitor.config.load import load
from monitor.config.problem import ConfigError

BAD = Path(__file__).parent / "bad"

# `~` stands for the name of the file.
MESSAGES: dict[str, list[str]] = {
    "anchor": [
        "~:2:5: brokers[0]: anchors (&name) are not supported: write the value out",
        "~:4:5: brokers[1]: aliases (*name) are not supported: write the value out, or in quotes",
    ],
    "bare_number_as_duration": [
        "~:2:18: poll.interval: '5' has no unit: write it like 30s",
    ],
    "base_60_number": [
        (
            "~:3:11: web.listen: '12:30' is a number in base 60 to some readers of YAML: put it "
            "in quotes to mean the text"
        ),
    ],
    "boolean_as_number": [
        "~:3:21: brokers[0].queues.limit: expected a whole number, not 'true'",
    ],
    "broker_names_alike": [
        "~:3:5: brokers[1].name: 'default' is used twice: each needs its own",
    ],
    "broker_url_missing": [
        "~:2:5: brokers[0].url: is required, or url_file",
    ],
    "broker_url_of_another_kind": [
        (
            "~:2:10: brokers[0].url: scheme 'amqp' is not supported: use one of redis://, "
            "rediss://, redis+socket://, sentinel://"
        ),
    ],
    "broker_url_twice": [
        "~:3:15: brokers[0].url_file: url is given too: keep one of the two",
    ],
    "broker_url_with_a_bare_password": [
        (
            "~:2:10: brokers[0].url: the password must be percent-encoded: / is %2F, ? is %3F, # "
            "is %23"
        ),
    ],
    "broker_urls_in_one": [
        "~:2:10: brokers[0].url: holds several URLs: give each broker its own item",
    ],
    "channel_half_set": [
        "~:3:32: channels[0].urls: must not be empty",
        "~:4:27: channels[1].command: must not be empty",
        "~:5:46: channels[2].to: must not be empty",
        "~:5:60: channels[2].username: username and password go together",
        "~:6:24: channels[3].url: is not a URL: write it like https://host/path",
        "~:7:44: channels[4].url: is not a URL: write it like https://host/path",
    ],
    "channel_matchers": [
        '~:5:9: channels[0].matchers[0]: is not a matcher: write it like alertname="WorkerDead"',
        "~:6:9: channels[0].matchers[1]: unknown label 'queue' (did you mean 'queue_name'?)",
        (
            "~:7:19: channels[0].matchers[2]: is not a regular expression: missing ), "
            "unterminated subpattern at position 0"
        ),
        "~:8:10: channels[0].matchers[3]: must not be empty",
        (
            "~:9:26: channels[0].severity[1]: expected one of critical, warning, info, none, "
            "not 'fatal'"
        ),
    ],
    "muting": [
        (
            "~:4:25: alerts.inhibit_rules[0].source_matchers[0]: is not a matcher: write it "
            'like alertname="WorkerDead"'
        ),
        "~:5:24: alerts.inhibit_rules[0].target_matchers: must not be empty: it would match all",
        (
            "~:6:15: alerts.inhibit_rules[0].equal[0]: unknown label 'queue' (did you mean "
            "'queue_name'?)"
        ),
        "~:12:17: alerts.mute[0].location: unknown time zone 'Berlin'",
        "~:14:28: alerts.mute[1].weekdays[1]: 'funday' is none of the weekdays",
        "~:16:18: alerts.mute[2].matchers[0]: unknown label 'queue' (did you mean 'queue_name'?)",
        "~:19:13: heartbeat.ping_url: is not a URL: write it like https://host/path",
        "~:20:20: heartbeat.sentry_cron_url: is not a URL: write it like https://host/path",
    ],
    "channel_names_alike": [
        "~:4:5: channels[1].name: 'webhook' is used twice: each needs its own",
    ],
    "channel_url_without_scheme": [
        "~:4:10: channels[0].url: is not a URL: write it like https://host/path",
        "~:6:10: channels[1].dsn: is not a DSN: it looks like https://key@host/42",
    ],
    "channel_without_type": [
        (
            "~:3:5: channels[0].type: is required: one of log, webhook, sentry, alertmanager, "
            "pagerduty, jira_service_management, slack, email, apprise, exec"
        ),
    ],
    "duplicate_key": [
        "~:4:1: duplicate key 'poll', first given at ~:2:1",
    ],
    "duration_zero": [
        "~:4:19: alerts.group_interval: must be more than 0",
        "~:5:20: alerts.repeat_interval: is more than a hundred years",
        "~:7:18: queues.max_age['*']: must be more than 0",
    ],
    "environment_in_a_flow": [
        (
            "~:2:20: not YAML: expected ',' or '}', but got '{' (inside [] and {} a value with "
            "${NAME} needs quotes)"
        ),
    ],
    "environment_without_braces": [
        "~:2:10: brokers[0].url: is not a URL: a variable of the environment is written ${NAME}",
        "~:4:26: channels[0].url: is not a URL: a variable of the environment is written ${NAME}",
    ],
    "environment_not_closed": [
        "~:2:18: brokers[0].url: '${' without '}': write '$${' to mean the text",
    ],
    "environment_not_set": [
        "~:2:20: brokers[0].url: the environment variable QUEUE_PASSWORD is not set",
    ],
    "environment_with_default": [
        "~:2:18: brokers[0].url: only ${NAME} is known: write '$${' to mean the text '${'",
    ],
    "expression_in_a_block": [
        (
            "~:6:13: alerts.rules[0].when: unknown fact 'oldest' of queue (did you mean "
            "'oldest_age'?) (at character 17)"
        ),
    ],
    "expression_with_unknown_fact": [
        (
            "~:6:29: alerts.rules[0].when: unknown fact 'oldest_ago' of queue (did you mean "
            "'oldest_age'?)"
        ),
    ],
    "expression_with_wrong_unit": [
        "~:6:23: alerts.rules[0].when: a number cannot be compared with a duration",
    ],
    "group_by_unknown_label": [
        "~:3:25: alerts.group_by[1]: unknown label 'queue' (did you mean 'queue_name'?)",
    ],
    "key_that_is_a_list": [
        "~:2:3: a key must be plain text",
    ],
    "limit_behind_the_last": [
        "~:3:29: queues.max_age.high: never counts: put it before '*', the first match counts",
    ],
    "link_to_a_script": [
        "~:3:58: web.links.Flower: is not a URL: write it like https://host/path",
    ],
    "list_expected": [
        "~:2:3: brokers: expected a list, not a mapping: begin each item with '- '",
    ],
    "external_url_without_scheme": [
        "~:3:17: web.external_url: is not a URL: write it like https://host/path",
    ],
    "listen_without_port": [
        "~:3:11: web.listen: 'localhost' is not an address: write HOST:PORT, like 127.0.0.1:9808",
    ],
    "mapping_expected": [
        "~:2:5: brokers[0]: expected a mapping, not a single value: write it as 'url: ...'",
        "~:3:7: poll: expected a mapping, not a single value",
    ],
    "max_length_negative": [
        "~:3:22: queues.max_length.high: must not be negative",
    ],
    "merge_key": [
        "~:3:3: poll: merge keys (<<) are not supported: write the values out",
    ],
    "no_broker": [
        (
            "~:1:1: brokers: no broker is named: list one here, or give --broker URL, "
            "QUEUE_MONITOR_BROKER_URL or CELERY_BROKER_URL"
        ),
    ],
    "not_a_mapping": [
        "~:1:1: expected a mapping such as 'brokers: [...]'",
    ],
    "not_yaml": [
        "~:4:4: not YAML: expected ',' or ']', but got ':' (is the [ of line 3, column 21 closed?)",
    ],
    "octal_number": [
        (
            "~:3:21: brokers[0].queues.limit: '0100' is octal to some readers of YAML: leave out "
            "the leading zero, or put it in quotes to mean the text"
        ),
    ],
    "poll_timeout_too_long": [
        (
            "~:4:12: poll.timeout: must be less than poll.interval: a poll ends before the next "
            "begins"
        ),
    ],
    "priority_steps": [
        (
            "~:4:23: brokers[0].transport_options.priority_steps: must start with 0 and ascend, "
            "as in Celery: [0, 3, 6, 9]"
        ),
    ],
    "rule_names_alike": [
        "~:5:15: alerts.rules[1].alert: 'Down' is used twice: each needs its own",
    ],
    "rule_summary_with_unknown_name": [
        (
            "~:7:18: alerts.rules[0].summary: {queue} is not known of queue (did you mean "
            "'queue_name'?)"
        ),
    ],
    "rule_where_unknown_label": [
        (
            "~:6:14: alerts.rules[0].where: 'queue_nam' does not identify a queue (did you mean "
            "'queue_name'?)"
        ),
    ],
    "rule_with_misspelt_words": [
        (
            "~:5:11: alerts.rules[0].on: expected one of broker, queue, worker, task, schedule, "
            "log, channel, not 'queues' (did you mean 'queue'?)"
        ),
        (
            "~:7:17: alerts.rules[0].severity: expected one of critical, warning, info, not "
            "'crtical' (did you mean 'critical'?)"
        ),
        "~:8:7: alerts.rules[0].for_: unknown key (did you mean 'for'?)",
    ],
    "log_watch": [
        (
            "~:5:15: log_watch[0].pattern: is not a regular expression: missing ), unterminated "
            "subpattern at position 5"
        ),
        "~:6:18: log_watch[0].max_silence: '15' has no unit: write it like 30s",
        "~:7:11: log_watch[1].path: '/var/log/celery/*.log' is used twice: each needs its own",
    ],
    "schedules": [
        "~:4:5: schedules[0]: needs either cron or every",
        "~:5:5: schedules[1]: needs either cron or every",
        "~:9:12: schedules[2].cron: '25' is no hour: there are 0 to 23",
        (
            "~:10:15: schedules[2].timezone: unknown time zone 'Europe/Berlim' (did you mean "
            "'Europe/Berlin'?)"
        ),
        ("~:11:13: schedules[2].broker: no broker is called 'defualt' (did you mean 'default'?)"),
        "~:13:12: schedules[3].every: must be at least 10s",
        "~:14:5: schedules[4].name: 'app.fast' is used twice: each needs its own",
    ],
    "secret_file_missing": [
        "~:2:15: brokers[0].url_file: 'no/such/file' cannot be read: No such file or directory",
    ],
    "sentinel_without_master": [
        (
            "~:2:5: brokers[0].transport_options.master_name: is required with sentinel://: the "
            "name under which sentinels know the master"
        ),
    ],
    "several_documents": [
        "~:2:1: there is more than one document",
    ],
    "tag": [
        "~:2:6: web: tags (!name) are not supported: leave it out",
    ],
    "text_expected": [
        "~:2:10: brokers[0].url: expected text: put it in quotes",
        "~:3:11: brokers[0].name: expected text: put it in quotes",
    ],
    "tls_without_tls": [
        "~:3:10: brokers[0].tls: has no effect: TLS needs a URL with rediss://",
    ],
    "transport_option_unknown": [
        (
            "~:3:25: brokers[0].transport_options.visibility_timout: unknown key (did you mean "
            "'visibility_timeout'?)"
        ),
    ],
    "unknown_channel": [
        (
            "~:3:11: channels[0].type: unknown type 'webhok': expected one of log, webhook, "
            "sentry, alertmanager, pagerduty, jira_service_management, slack, email, apprise, exec "
            "(did you mean 'webhook'?)"
        ),
    ],
    "unknown_keys": [
        "~:3:5: brokers[0].queus: unknown key (did you mean 'queues'?)",
        "~:4:1: pol: unknown key (did you mean 'poll'?)",
        "~:5:1: ['redis://***']: unknown key",
    ],
    "word_for_a_boolean": [
        (
            "~:2:19: alerts.builtin: 'on' is true or false to some readers of YAML and text to "
            "others: write true or false, or put it in quotes to mean the text"
        ),
    ],
    "wrong_word": [
        (
            "~:2:14: log.level: expected one of debug, info, warning, error, not 'warn' (did you "
            "mean 'warning'?)"
        ),
    ],
    "backslash_in_double_quotes": [
        (
            "~:5:16: not YAML: found unknown escape character 'd' (in single quotes a "
            "backslash is just that)"
        ),
    ],
    "broker_url_without_scheme": [
        "~:2:10: brokers[0].url: is not a URL: write it like redis://host:6379/0",
    ],
    "indented_too_far": [
        (
            "~:5:12: not YAML: mapping values are not allowed here (the keys of a mapping "
            "begin in one column; a value with ': ' in it needs quotes)"
        ),
    ],
    "indented_unlike_its_neighbours": [
        (
            "~:4:4: not YAML: expected <block end>, but found '<block mapping start>' (the "
            "keys of a mapping, or the '-' of a list, begin in one column)"
        ),
    ],
    "no_space_behind_a_colon": [
        "~:4:3: poll: expected a mapping, not a single value: put a space behind 'interval:'",
    ],
    "not_indented": [
        "~:4:1: interval: unknown key (did you mean 'poll.interval'? indent it)",
    ],
    "not_quoted_at_sign": [
        (
            "~:7:9: not YAML: found character '@' that cannot start any token (a value that "
            "begins so needs quotes)"
        ),
    ],
    "not_quoted_braces": [
        (
            "~:8:28: not YAML: mapping values are not allowed here (the keys of a mapping "
            "begin in one column; a value with ': ' in it needs quotes)"
        ),
    ],
    "not_quoted_glob": [
        (
            "~:7:27: alerts.rules[0].where.queue_name: aliases (*name) are not supported: "
            "write the value out, or in quotes"
        ),
    ],
    "not_quoted_pattern": [
        (
            "~:5:19: not YAML: expected <block end>, but found '<scalar>' (a value that "
            "begins with a quote, [ or {, and goes on, needs quotes)"
        ),
    ],
    "not_quoted_star": [
        (
            "~:5:6: not YAML: expected alphabetic or numeric character, but found ':' (what "
            "begins with * or & needs quotes)"
        ),
    ],
    "quote_not_closed": [
        '~:4:1: not YAML: found unexpected end of stream (is the " of line 2, column 10 closed?)',
    ],
    "single_value_for_a_list": [
        "~:4:43: channels[0].to: expected a list, not a single value: begin each item with '- '",
    ],
    "tab_as_indentation": [
        (
            "~:2:1: not YAML: found character '\\t' that cannot start any token (use spaces, "
            "not tabs)"
        ),
    ],
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_mistake_is_told_with_its_place_and_a_remedy(name: str) -> None:
    file = str(BAD / f"{name}.yaml")
    with pytest.raises(ConfigError) as caught:
        load(file, {})
    assert str(caught.value).split("\n") == [line.replace("~", file) for line in MESSAGES[name]]
    assert "hunter2" not in str(caught.value)


def test_every_bad_file_is_in_the_table() -> None:
    assert {file.stem for file in BAD.iterdir()} == set(MESSAGES)
