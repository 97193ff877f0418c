"""The files of deploy/ in the hands of their own checkers."""

import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana import operator
from monitor import __version__
from tests.promtool import promtool
from tests.tools import require_tool

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
OBJECTS = sorted(
    file for file in KUBERNETES.glob("*.yaml") if file.stem not in ("config", "kustomization")
)
OF_OPERATORS = {
    KUBERNETES / "servicemonitor.yaml": ("prometheus_operator.v1", "ServiceMonitor"),
    operator.FILE: ("prometheus_operator.v1", "PrometheusRule"),
    DEPLOY / "keda" / "scaledobject.yaml": ("keda.v1alpha1", "ScaledObject"),
}
"""Objects that Kubernetes itself does not know, and where there is a model of each."""


def documents(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def of_this_environment(program: str, *words: str) -> str:
    """Run a checker that pip installed; return what it complains about."""
    path = Path(sys.executable).with_name(program)
    ran = subprocess.run([path, *words], capture_output=True, text=True, check=False, cwd=ROOT)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    assert of_this_environment("hadolint", "deploy/Dockerfile") == ""


def test_the_compose_file_is_one() -> None:
    words = ("--builtin-schema", "vendor.compose-spec", "deploy/compose/compose.yaml")
    assert of_this_environment("check-jsonschema", *words) == ""


@pytest.mark.parametrize(
    "file",
    [file for file in OBJECTS if file not in OF_OPERATORS],
    ids=lambda file: file.stem,
)
def test_kubernetes_would_take_each_object(file: Path) -> None:
    assert of_this_environment("kubernetes-validate", "--strict", str(file)) == ""


def as_its_operator_takes_it(file: Path, written: Any) -> Any:
    """Return what is left of an object when its operator has read it, by the schema in its CRD.

    Raises pydantic's ValidationError for a value that the schema refuses. A field that it does not
    have is left out, which is what Kubernetes does with it too.
    """
    module, kind = OF_OPERATORS[file]
    model = getattr(importlib.import_module(f"cloudcoil.models.{module}"), kind)
    return model.model_validate(written).model_dump(mode="json", by_alias=True, exclude_unset=True)


@pytest.mark.parametrize("file", OF_OPERATORS, ids=lambda file: file.stem)
def test_its_operator_would_take_each_other_object_and_all_of_its_fields(file: Path) -> None:
    written = documents(file)
    assert as_its_operator_takes_it(file, written) == written
    written["spec"]["unheardOf"] = True
    assert as_its_operator_takes_it(file, written) != written


def test_the_image_of_the_compose_file_has_what_the_reference_app_needs(tmp_path: Path) -> None:
    wheel = tmp_path / "queue_monitor.whl"
    wheel.touch()
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    (installed,) = re.findall(r'(?m)^ +("\$\(.*")$', dockerfile)
    command = ["sh", "-c", f"printf %s {installed.replace('/dist', str(tmp_path))}"]
    services = documents(DEPLOY / "compose" / "compose.yaml")["services"].values()
    ours = [service for service in services if "build" in service]
    assert {service["image"] for service in ours} == {"queue-monitor:demo"}
    for service in ours:
        asked = subprocess.run(
            command, env=service["build"]["args"], capture_output=True, text=True, check=True
        )
        assert asked.stdout == f"{wheel}[demo]"


def test_kustomize_takes_every_object_and_the_settings() -> None:
    kustomization = documents(KUBERNETES / "kustomization.yaml")
    assert {*kustomization["resources"]} == {file.name for file in OBJECTS}
    (settings,) = kustomization["configMapGenerator"]
    assert settings == {"name": "queue-monitor", "files": ["config.yaml"]}
    assert kustomization["images"] == [{"name": "queue-monitor", "newTag": __version__}]


def test_objects_refer_to_what_is_there() -> None:
    deployment = documents(KUBERNETES / "deployment.yaml")["spec"]["template"]
    (container,) = deployment["spec"]["containers"]
    volumes = {volume["name"] for volume in deployment["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    labels = deployment["metadata"]["labels"]
    service = documents(KUBERNETES / "service.yaml")
    policy = documents(KUBERNETES / "networkpolicy.yaml")
    scraped = documents(KUBERNETES / "servicemonitor.yaml")["spec"]
    assert service["spec"]["selector"] == labels
    assert policy["spec"]["podSelector"]["matchLabels"] == labels
    assert scraped["selector"]["matchLabels"] == service["metadata"]["labels"]
    assert scraped["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    # The alerts about the monitor itself select this job.
    assert service["metadata"]["labels"][scraped["jobLabel"]] == "queue-monitor"


def test_the_user_of_the_image_is_the_user_of_the_pod() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    pod = documents(KUBERNETES / "deployment.yaml")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == int(user) != 0


def test_the_rules_for_kubernetes_are_those_of_the_files(tmp_path: Path) -> None:
    assert operator.FILE.read_text() == operator.manifest(), "run `python -m grafana`"
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump(documents(operator.FILE)["spec"]))
    checked = promtool("check", "rules", str(rules))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_prometheus_takes_the_config_of_the_compose_file(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text((DEPLOY / "compose" / "prometheus.yml").read_text())
    (tmp_path / "rules").symlink_to(operator.RULES)
    checked = promtool("check", "config", str(config))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alertmanager_takes_the_config_of_the_compose_file() -> None:
    command = [require_tool("amtool"), "check-config", str(DEPLOY / "compose" / "alertmanager.yml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_what_the_compose_file_mounts_is_there() -> None:
    services = documents(DEPLOY / "compose" / "compose.yaml")["services"]
    mounted = [
        DEPLOY / "compose" / volume.partition(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert mounted
    assert [path for path in mounted if not path.exists()] == []
