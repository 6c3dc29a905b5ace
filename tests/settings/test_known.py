from __future__ import annotations

from pydantic import BaseModel

from jettison.settings.known import DRIVERS, VOCABULARY
from jettison.settings.schema import Settings
from jettison.settings.shapes import Many, Section, paths
from jettison.settings.survey import model_inside


def _served(model: type[BaseModel], path: str = "") -> list[tuple[str, bool]]:
    found = []
    for name, field in model.model_fields.items():
        where = f"{path}.{name}" if path else name
        inner = model_inside(field.annotation)
        found.append((where, inner is not None))
        if inner is not None:
            found += _served(inner, where)
    return found


def test_every_served_key_is_in_the_vocabulary() -> None:
    """A field of the models that the vocabulary lacks could never be set; a section is a section in both."""
    for path, is_section in _served(Settings):
        shape: object = VOCABULARY
        for key in path.split("."):
            assert isinstance(shape, Section)
            shape = shape.keys[key]
            if isinstance(shape, Many):
                shape = shape.item
        assert isinstance(shape, Section) == is_section


def test_every_field_says_what_it_is() -> None:
    """Each setting carries the sentence from which its documentation is made."""
    models: list[type[BaseModel]] = [Settings]
    for model in models:
        for field in model.model_fields.values():
            assert (field.description or "").endswith(".")
            inner = model_inside(field.annotation)
            if inner is not None:
                models.append(inner)
    assert len(models) > 30


def test_the_drivers_are_sections_of_storage() -> None:
    """Each storage driver is known by its path."""
    assert set(paths(VOCABULARY)) >= DRIVERS
    assert "storage.filesystem" in DRIVERS
    assert "storage.delete" not in DRIVERS
