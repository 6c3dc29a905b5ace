"""deploy/chart, as helm renders it: what each object says of the others, and a configuration that a replica takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.command import run
from tests.support.parts import ROOT, program
from tests.support.verb import verb

pytestmark = [pytest.mark.needs("helm"), pytest.mark.slow]

CHART = ROOT / "deploy" / "chart"
KUBERNETES = "1.31.0"

Objects = dict[str, dict[str, Any]]


def render(*options: str) -> Objects:
    """The objects of a release named `here`, by their kind."""
    command = [program("helm"), "template", "here", str(CHART), "--kube-version", KUBERNETES, *options]
    rendered = [each for each in yaml.safe_load_all(run(command).stdout) if each]
    objects = {each["kind"]: each for each in rendered}
    assert len(objects) == len(rendered)
    return objects


def refused(*options: str) -> str:
    """What helm says of values that it does not take."""
    done = run([program("helm"), "template", "here", str(CHART), "--kube-version", KUBERNETES, *options], check=False)
    assert done.returncode != 0
    return done.stderr


def pod(objects: Objects) -> dict[str, Any]:
    """What the deployment's pods are."""
    spec: dict[str, Any] = objects["Deployment"]["spec"]["template"]["spec"]
    return spec


def container(objects: Objects) -> dict[str, Any]:
    """Its only container."""
    [only] = pod(objects)["containers"]
    assert isinstance(only, dict)
    return only


def test_helm_finds_nothing_to_object_to() -> None:
    """Strictly, with the values as they are."""
    said = run([program("helm"), "lint", "--strict", str(CHART)]).stdout
    assert "0 chart(s) failed" in said
    assert "[WARNING]" not in said


def test_what_it_makes() -> None:
    """Replicas, a service, a configuration, a bound on disruption; an ingress for those who want one."""
    objects = render()
    assert set(objects) == {"ConfigMap", "Deployment", "PodDisruptionBudget", "Service"}
    assert objects["Deployment"]["spec"]["replicas"] == 3
    assert "PodDisruptionBudget" not in render("--set", "replicas=1"), "of one replica none could ever be moved"
    ingress = render("--set", "ingress.enabled=true,ingress.tls=certificate")["Ingress"]
    assert ingress["spec"]["tls"] == [{"hosts": ["registry.example.com"], "secretName": "certificate"}]
    assert ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"] == "0"
    [path] = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": objects["Service"]["metadata"]["name"], "port": {"name": "registry"}}


def test_the_objects_mean_each_other() -> None:
    """Selectors choose the pods, ports have the names that are asked for, and the configuration is mounted."""
    objects = render()
    labels = objects["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for selector in (
        objects["Deployment"]["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    ports = {port["name"]: port["containerPort"] for port in container(objects)["ports"]}
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} <= set(ports)
    probes = {name: container(objects)[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    assert probes["readiness"]["httpGet"] == {"path": "/healthz", "port": "registry"}
    assert probes["liveness"]["tcpSocket"] == {"port": "registry"}, "no restart brings a database back"
    [config] = [each["configMap"]["name"] for each in pod(objects)["volumes"] if "configMap" in each]
    assert config == objects["ConfigMap"]["metadata"]["name"]
    mounted = {each["name"]: each["mountPath"] for each in container(objects)["volumeMounts"]}
    assert f"{mounted['config']}/config.yml" in container(objects)["args"]


def test_it_runs_as_the_image_does() -> None:
    """As the image's user, without any right, on a filesystem that cannot be written."""
    objects = render()
    user = re.findall(r"^USER (\d+):(\d+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    context = pod(objects)["securityContext"]
    assert user == [(str(context["runAsUser"]), str(context["runAsGroup"]))]
    assert container(objects)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_secrets_are_named_and_never_written() -> None:
    """The password and the keys come from secrets that are there; without a name, nothing is asked for."""
    from_secrets = {
        each["name"]: tuple(each["valueFrom"]["secretKeyRef"].values()) for each in container(render())["env"]
    }
    assert from_secrets == {
        "PGPASSWORD": ("jettison-database", "password"),
        "AWS_ACCESS_KEY_ID": ("jettison-s3", "accesskey"),
        "AWS_SECRET_ACCESS_KEY": ("jettison-s3", "secretkey"),
    }
    assert "env" not in container(render("--set", "database.secret.name=,s3.secret.name="))


def test_an_upgrade_takes_one_replica_at_a_time_and_lets_it_end() -> None:
    """None goes before the new one serves, and it has longer than its requests; a new configuration is an upgrade."""
    objects = render("--set", "drainSeconds=50")
    assert objects["Deployment"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    [*_, moment] = container(objects)["lifecycle"]["preStop"]["exec"]["command"]
    assert pod(objects)["terminationGracePeriodSeconds"] > 50 + int(moment)
    config = yaml.safe_load(objects["ConfigMap"]["data"]["config.yml"])
    assert config["http"]["draintimeout"] == "50s"
    checksums = {
        each["Deployment"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for each in (objects, render("--set", "drainSeconds=50"), render("--set", "config.log.level=debug"))
    }
    assert len(checksums) == 2


def test_a_replica_takes_the_configuration(tmp_path: Path) -> None:
    """Every key is known and served; what `config` says is laid over it."""
    options = ["s3.endpoint=http://storage:8333", "s3.forcepathstyle=true", "config.storage.delete.enabled=false"]
    options += ["config.jettison.proxies={10.0.0.0/8}", "config.jettison.deletions.undo=1h"]
    config = tmp_path / "config.yml"
    config.write_text(
        render(*[word for each in options for word in ("--set", each)])["ConfigMap"]["data"]["config.yml"]
    )
    done = verb("config", "--json", config)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    effective = {name: each["value"] for name, each in json.loads(done.stdout)["settings"].items()}
    assert effective["storage.s3.regionendpoint"] == "http://storage:8333"
    assert effective["storage.delete.enabled"] is False
    assert effective["http.addr"] == ":5000"


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("replicas=0", "minimum"),
        ("replica=3", "additional properties"),
        ("s3.bucket=", "minLength"),
        ("database.url=mysql://x", "pattern"),
        ("s3.endpoint=storage:8333", "pattern"),
        ("service.type=Public", "one of"),
    ],
)
def test_values_that_mean_nothing_are_refused(option: str, why: str) -> None:
    """Misspelled or impossible: helm says where, before anything is installed."""
    said = refused("--set", option)
    name = option.partition("=")[0]
    assert name.rpartition(".")[2] in said
    assert why in said
