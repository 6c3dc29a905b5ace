from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog.testing

from jettison.registry import adoption
from jettison.registry.registry import Registry
from jettison.server import adopting
from jettison.server.adopting import adopt_at_start
from tests.migrate.plant import Plant
from tests.support.clock import Clock
from tests.support.content import image
from tests.support.place import Place

APP = image(b"a layer", config=b"{}")


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    """A tree in the data folder, of three repositories."""
    plant = Plant(tmp_path)
    for number in range(3):
        plant.push(f"app{number}", APP, "1")
    return plant


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry on the same folder."""
    place = Place(tmp_path, None, Clock())
    yield place.open_registry()
    place.close()


def test_a_person_sees_how_far_it_is(plant: Plant, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the level that is logged by default: that it begins, how far it is every so often, and what came of it."""
    monkeypatch.setattr(adopting, "_EVERY", 0)

    with structlog.testing.capture_logs() as lines:
        adopt_at_start(registry, plant.root)

    assert {line["log_level"] for line in lines} == {"info"}
    first, *between, last = lines
    assert first["event"] == "a tree of distribution is adopted where it lies, and served after that"
    assert first["tree"] == str(plant.folder)
    repositories = [line for line in between if line["what"] == "repositories"]
    assert [(line["event"], line["done"]) for line in repositories] == [("adopting", done) for done in (1, 2, 3)]
    assert repositories[0]["of"] == 3
    assert (last["event"], last["repositories"], last["manifests"], last["tags"]) == ("adopted", 3, 3, 3)


def test_what_takes_a_moment_is_said_in_two_lines(plant: Plant, registry: Registry) -> None:
    """Its beginning and its end."""
    with structlog.testing.capture_logs() as lines:
        adopt_at_start(registry, plant.root)

    assert len(lines) == 2


def test_an_adopted_tree_is_not_spoken_of_again(plant: Plant, registry: Registry) -> None:
    """The next start has nothing to say."""
    adopt_at_start(registry, plant.root)
    with structlog.testing.capture_logs() as lines:
        adopt_at_start(registry, plant.root)

    assert lines == []


@pytest.mark.parametrize("name", ["Host/app", "HOST", "registry.Example.com/app"])
def test_a_name_with_capitals_is_reported(plant: Plant, registry: Registry, name: str) -> None:
    """Distribution takes such a first component for a host, and serves it; no client can pull it by that name."""
    plant.push(name, APP, "1")
    with structlog.testing.capture_logs() as lines:
        adopt_at_start(registry, plant.root)

    assert [(line["kind"], line["count"]) for line in lines if line["log_level"] == "warning"] == [
        ("repository-name", 1)
    ]
    [found] = adoption.findings(registry)
    assert (found.kind, found.subject) == ("repository-name", f"'{name}'")
    assert "lower-case letters" in found.reason
