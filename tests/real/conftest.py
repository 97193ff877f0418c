"""Programs of others beside the whole daemon, which starts here as in the acceptance tests."""

from tests.acceptance.conftest import broker, client, monitor, receiver

__all__ = ["broker", "client", "monitor", "receiver"]
