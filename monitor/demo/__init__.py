"""The demo: a broker, workers, traffic and the ordinary daemon, started and watched together."""
