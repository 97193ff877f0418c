"""The tasks of one broker: counted, timed, followed while they run, and expected on time."""
