"""`python -m grafana`: write the dashboards, and the rules for Kubernetes."""

from grafana.catalogue import write

write()
