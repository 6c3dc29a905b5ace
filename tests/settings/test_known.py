from __future__ import annotations

from pydantic import BaseModel

from jettison.settings.known import DRIVERS, VOCABULARY
from jettison.settings.schema import Settings
from jettison.settings.shapes import Section, paths


def _served(model: type[BaseModel], path: str = "") -> list[tuple[str, bool]]:
    found = []
    for name, field in model.model_fields.items():
        where = f"{path}.{name}" if path else name
        inner = field.annotation
        is_section = isinstance(inner, type) and issubclass(inner, BaseModel)
        found.append((where, is_section))
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += _served(inner, where)
    return found


def test_every_served_key_is_in_the_vocabulary() -> None:
    """A field of the models that the vocabulary lacks could never be set; a section is a section in both."""
    known = set(paths(VOCABULARY))
    for path, is_section in _served(Settings):
        assert path in known
        shape: object = VOCABULARY
        for key in path.split("."):
            assert isinstance(shape, Section)
            shape = shape.keys[key]
        assert isinstance(shape, Section) == is_section


def test_every_field_says_what_it_is() -> None:
    """Each setting carries the sentence from which its documentation is made."""
    models: list[type[BaseModel]] = [Settings]
    for model in models:
        for field in model.model_fields.values():
            assert (field.description or "").endswith(".")
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                models.append(field.annotation)
    assert len(models) > 10


def test_the_drivers_are_sections_of_storage() -> None:
    """Each storage driver is known by its path."""
    assert set(paths(VOCABULARY)) >= DRIVERS
    assert "storage.filesystem" in DRIVERS
    assert "storage.delete" not in DRIVERS
