"""The rules of prometheus/ as a PrometheusRule, for the Prometheus operator in Kubernetes."""

from pathlib import Path
from textwrap import indent

RULES = Path(__file__).parent / "prometheus"
FILE = Path(__file__).parents[1] / "deploy" / "kubernetes" / "prometheusrule.yaml"

_HEAD = """\
# Made of grafana/prometheus by `python -m grafana`.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: queue-monitor
  labels:
    app.kubernetes.io/name: queue-monitor
spec:
  groups:
"""


def manifest() -> str:
    """Return the groups of all rule files but the worked example, as one object."""
    names = ("alerts.yml", "monitor.yml", "recording.yml")
    return _HEAD + "".join(_groups((RULES / name).read_text()) for name in names)


def _groups(text: str) -> str:
    head, _, groups = text.partition("groups:\n")
    # Some of the files indent the list below its key, which YAML leaves open.
    shift = "    " if groups.startswith("-") else "  "
    return indent(head, "    ") + indent(groups, shift)
