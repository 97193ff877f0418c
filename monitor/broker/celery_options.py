"""Celery's `broker_transport_options` that the monitor does not need.

People paste the whole dictionary of their Celery app. These options of kombu's Redis transport
and of its reconnecting change how workers work, not what stands in Redis: they are set
aside, while a name that kombu does not know either is reported.
"""

WORKERS_OWN_OPTIONS = frozenset(
    {
        "ack_emulation",
        "body_encoding",
        "callback",
        "client_name",
        "connect_retries_timeout",
        "credential_provider",
        "deadletter_queue",
        "errback",
        "fanout_patterns",
        "health_check_interval",
        "interval_max",
        "interval_start",
        "interval_step",
        "max_connections",
        "max_retries",
        "min_other_sentinels",
        "polling_interval",
        "queue_order_strategy",
        "reauth_check_interval",
        "retry",
        "retry_on_error",
        "retry_on_timeout",
        "sentinel_fanout_compat",
        "socket_connect_timeout",
        "socket_keepalive",
        "socket_keepalive_options",
        "socket_timeout",
        "unacked_mutex_expire",
        "unacked_mutex_key",
        "unacked_restore_interval",
        "unacked_restore_limit",
        "unacked_restore_throttle",
    }
)

SENTINELS_OWN_OPTIONS = frozenset(
    {
        "client_name",
        "db",
        "decode_responses",
        "encoding",
        "health_check_interval",
        "max_connections",
        "protocol",
        "retry_on_error",
        "retry_on_timeout",
        "socket_connect_timeout",
        "socket_keepalive",
        "socket_keepalive_options",
        "socket_timeout",
        "ssl_ca_certs",
        "ssl_cert_reqs",
        "ssl_certfile",
        "ssl_check_hostname",
        "ssl_keyfile",
    }
)
"""Of `sentinel_kwargs`; what is said of certificates comes from `tls`."""
