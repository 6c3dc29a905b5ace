"""deploy/compose.yaml and the configuration of its replicas: each service has what it needs, and no more."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.support.parts import ROOT
from tests.support.verb import verb

DEPLOY = ROOT / "deploy"
REPLICAS = ("jettison-1", "jettison-2", "jettison-3")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, aliases resolved."""
    parsed: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return parsed


def test_it_has_what_a_cluster_is_made_of(compose: dict[str, Any]) -> None:
    """Three replicas that are the same, one balancer, one database, one storage and what makes its bucket."""
    services = compose["services"]
    assert set(services) == {*REPLICAS, "balancer", "database", "storage", "bucket"}
    assert services["jettison-1"] == services["jettison-2"] == services["jettison-3"]
    assert (DEPLOY / services["jettison-1"]["build"]["context"] / "Containerfile").is_file()
    assert services["jettison-1"]["build"]["dockerfile"] == "Containerfile"


def test_every_file_that_is_mounted_is_there_and_every_volume_declared(compose: dict[str, Any]) -> None:
    """What keeps data keeps it in a named volume, and files are mounted to be read."""
    named: set[str] = set()
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source, target, *mode = volume.split(":")
            if source.startswith("."):
                assert (DEPLOY / source).is_file(), source
                assert mode == ["ro"], f"{target} can be written"
            else:
                named.add(source)
    assert named == set(compose["volumes"]) == {"database", "storage"}


def test_whoever_waits_for_a_service_waits_for_its_health(compose: dict[str, Any]) -> None:
    """Every service that is waited for says whether it is well: itself, by its image, or by coming to an end."""
    services = compose["services"]
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed] or needed in REPLICAS, needed
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[needed]["restart"] == "on-failure"
    containerfile = (ROOT / "Containerfile").read_text()
    assert "HEALTHCHECK" in containerfile, "the replicas' image has the check"


def test_only_the_balancer_can_be_reached(compose: dict[str, Any]) -> None:
    """Replicas, database and storage are in a network without a way out, and publish nothing."""
    assert compose["networks"]["inside"] == {"internal": True}
    for name, service in compose["services"].items():
        assert ("ports" in service, "outside" in service["networks"]) == ((name == "balancer"),) * 2, name


def test_no_secret_is_in_a_file(compose: dict[str, Any]) -> None:
    """They come from the environment, and without them nothing starts."""
    secrets = [
        value
        for service in compose["services"].values()
        for name, value in service.get("environment", {}).items()
        if "PASSWORD" in name or "SECRET" in name
    ]
    assert len(secrets) == len(REPLICAS) * 2 + 2
    assert all(secret.startswith("${") and ":?" in secret for secret in secrets)
    assert "accesskey" not in (DEPLOY / "config.yml").read_text()


def test_a_replica_is_given_longer_than_its_requests(compose: dict[str, Any]) -> None:
    """Or a stop would cut them off."""
    drain = yaml.safe_load((DEPLOY / "config.yml").read_text())["http"]["draintimeout"]
    assert int(compose["services"]["jettison-1"]["stop_grace_period"].removesuffix("s")) > int(drain.removesuffix("s"))


def test_the_balancer_knows_the_replicas(compose: dict[str, Any]) -> None:
    """nginx.conf names each of them by its service and the port of config.yml, and listens where compose publishes."""
    text = (DEPLOY / "nginx.conf").read_text()
    port = yaml.safe_load((DEPLOY / "config.yml").read_text())["http"]["addr"]
    assert [f"server {name}{port} " in text for name in REPLICAS] == [True] * len(REPLICAS)
    assert compose["services"]["balancer"]["ports"] == ["5000:5000"]
    assert "listen 5000;" in text


@pytest.mark.slow
def test_a_replica_takes_the_configuration() -> None:
    """Every key of it is known and served: there is no warning, and what it says is in effect."""
    done = verb("config", "--json", DEPLOY / "config.yml")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    effective = json.loads(done.stdout)["settings"]
    assert effective["storage.s3.regionendpoint"]["value"] == "http://storage:8333"
    assert effective["storage.delete.enabled"]["value"] is True
