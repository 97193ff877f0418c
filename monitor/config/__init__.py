"""Settings: a YAML file, the environment and flags become validated dataclasses."""
