"""Settings from a file, the environment and the built-in defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jettison.settings.document import Node, below, parse, read_document
from jettison.settings.environment import CONFIGURATION_PATH, overlay
from jettison.settings.findings import Notice, Origin, Report
from jettison.settings.known import DRIVERS
from jettison.settings.models.section import Misfit
from jettison.settings.models.storage import NOWHERE
from jettison.settings.schema import Settings
from jettison.settings.survey import Survey, written

USUAL_FILES = (Path("/etc/docker/registry/config.yml"), Path("/etc/distribution/config.yml"))
"""Where the images of distribution 2.x and 3.x have their file."""

BUILT_IN = """\
version: 0.1
http:
  addr: 127.0.0.1:5000
storage:
  filesystem:
    rootdirectory: ./data
  delete:
    enabled: true
"""

_MISSING = {"version": "is missing: make `version: 0.1` the file's first line", "storage": NOWHERE}
# What was refused under one of these paths is not missing as well.
_EXCUSES = {"version": {"version"}, "storage": {"storage", *DRIVERS}}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, what is to be said about them, and where they come from.

    `path` is the configuration file, if there is one. `origins` has, for each dotted path that was written somewhere
    (`storage.delete.enabled`), a line of the file, a variable, or `built-in`; the others have the model's default.
    """

    settings: Settings
    notices: tuple[Notice, ...] = ()
    path: Path | None = None
    origins: Mapping[str, Origin] = field(default_factory=dict)


def load(path: Path | None, environ: Mapping[str, str], usual: Sequence[Path] = ()) -> Loaded:
    """Read the settings of a start.

    The file is `path`, else the one that `REGISTRY_CONFIGURATION_PATH` in `environ` names, else the first of `usual`
    that is there, unless that variable is given empty; else there is none and `BUILT_IN` takes its place. The
    `REGISTRY_*` variables of `environ` come on top.
    Raises SettingsError with every finding at once.
    """
    report = Report()
    path = path or _file(environ, usual, report)
    root = _built_in(report) if path is None else read_document(path, report)
    overlay(root or Node(None, Origin(str(path))), environ, report)
    if root is None:
        report.raise_if_refused()
        raise AssertionError("a file that was not read leaves a finding")
    if path is None:
        _make_way(root)
    survey = Survey(report)
    settings = _validated(survey.of(root), survey, root.origin.name)
    report.raise_if_refused()
    if settings is None:
        raise AssertionError("settings that were not built leave a finding")
    _announce_defaults(settings, survey.origins, root.origin.name, report)
    return Loaded(settings, report.notices, path, survey.origins)


def _file(environ: Mapping[str, str], usual: Sequence[Path], report: Report) -> Path | None:
    named = environ.get(CONFIGURATION_PATH)
    if named is not None:
        return Path(named) if named else None
    found = next((place for place in usual if place.is_file()), None)
    if found:
        report.warn(
            Origin(str(found)),
            "",
            f"is read, since no file was named: {CONFIGURATION_PATH} names one, or none at all where it is empty",
        )
    return found


def _built_in(report: Report) -> Node | None:
    return parse(BUILT_IN, lambda _: Origin("built-in"), report)


def _make_way(root: Node) -> None:
    """Drop the built-in data folder where variables name another place."""
    storage = root.value.get("storage") if isinstance(root.value, dict) else None
    if storage is None or not isinstance(storage.value, dict):
        return
    folder = storage.value.get("filesystem")
    if folder is not None and "s3" in storage.value and all(origin.name == "built-in" for origin in written(folder)):
        del storage.value["filesystem"]


def _validated(values: dict[str, Any], survey: Survey, whole: str) -> Settings | None:
    refused = {finding.path for finding in survey.report.findings}
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            reason = problem.get("ctx", {}).get("error", problem["msg"])
            location = tuple(reason.path.split(".")) if isinstance(reason, Misfit) else problem["loc"]
            path, message = _path(location), str(reason)
            if path in survey.unread or refused & _EXCUSES.get(path, set()):
                continue
            if problem["type"] == "missing":
                message = _MISSING.get(path, "is missing: add it")
            survey.report.refuse(_origin(location, survey.origins, whole), path, message)
    return None


def _path(location: tuple[int | str, ...]) -> str:
    path = ""
    for step in location:
        # pydantic marks a problem with a key, rather than its value, by one more step.
        if step != "[key]":
            path = below(path, step)
    return path


def _origin(location: tuple[int | str, ...], origins: Mapping[str, Origin], whole: str) -> Origin:
    candidates = (_path(location[:end]) for end in range(len(location), 0, -1))
    return next((origins[path] for path in candidates if path in origins), Origin(whole))


def _announce_defaults(settings: Settings, origins: Mapping[str, Origin], whole: str, report: Report) -> None:
    if "storage.delete.enabled" not in origins:
        report.warn(
            origins.get("storage.delete", origins.get("storage", Origin(whole))),
            "storage.delete.enabled",
            "is not set, so nothing can be deleted, as with distribution: set it, or"
            " REGISTRY_STORAGE_DELETE_ENABLED=true",
        )
    if "http.addr" not in origins:
        report.warn(
            origins.get("http", Origin(whole)),
            "http.addr",
            f"is not set: listening on {settings.http.addr} (distribution takes a random port of every interface)",
        )
