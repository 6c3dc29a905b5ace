from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from jettison.server import logs
from jettison.server.journal import Journal

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


@pytest.fixture(autouse=True)
def configuration() -> Iterator[None]:
    """Leaves both kinds of logging as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(tmp_path: Path, level: logs.Level, form: logs.Form) -> list[str]:
    """The lines of a few events of each kind."""
    file = tmp_path / "log"
    with file.open("wb") as out, Journal(out.fileno()) as journal:
        logs.configure(journal, level, form)
        log = structlog.get_logger("access")
        log.debug("fine")
        log.info(
            "request", method="GET", status=200, agent='docker "24"\r\nX: y', milliseconds=0.5, empty="", equal="a=b"
        )
        log.warning("odd")
        try:
            int("boom")
        except ValueError as error:
            log.exception("failed again")
            failure = error
        log.error("failed", exc_info=failure)
        logging.getLogger("library").info("unheard")
        logging.getLogger("library").warning("heard %s", "well")
    return file.read_text().splitlines()


def test_a_line_of_text_is_words_that_stay_apart(tmp_path: Path) -> None:
    """Whatever a client sends stays one quoted value on one line."""
    lines = logged(tmp_path, "info", "text")
    agent = r'"docker \\"24\\"\\r\\nX: y"'
    assert re.fullmatch(
        rf'{TIME} info access: request method=GET status=200 agent={agent} milliseconds=0.5 empty="" equal="a=b"',
        lines[0],
    )
    assert re.fullmatch(rf"{TIME} warn access: odd", lines[1])


def test_a_traceback_follows_its_line(tmp_path: Path) -> None:
    """An error is followed by where it was raised."""
    lines = logged(tmp_path, "error", "text")
    assert re.fullmatch(rf"{TIME} error access: failed again", lines[0])
    assert lines[1] == "Traceback (most recent call last):"
    assert sum(line.startswith("ValueError: ") for line in lines) == 2


def test_a_line_of_json_is_an_object(tmp_path: Path) -> None:
    """Each line, the traceback included, is one JSON object with time, level, logger and event."""
    objects = [json.loads(line) for line in logged(tmp_path, "debug", "json")]
    assert [(entry["level"], entry["logger"], entry["event"]) for entry in objects] == [
        ("debug", "access", "fine"),
        ("info", "access", "request"),
        ("warn", "access", "odd"),
        ("error", "access", "failed again"),
        ("error", "access", "failed"),
        ("warn", "library", "heard well"),
    ]
    assert objects[1]["status"] == 200
    assert objects[3]["traceback"].endswith("with base 10: 'boom'")
    assert re.fullmatch(TIME, objects[0]["time"])


@pytest.mark.parametrize(("level", "events"), [("debug", 4), ("info", 3), ("warn", 2), ("error", 1)])
def test_a_level_hides_what_is_below_it(tmp_path: Path, level: logs.Level, events: int) -> None:
    """Of fine, request, odd and failed only those from the level on are written."""
    lines = logged(tmp_path, level, "text")
    assert sum(bool(re.search(r" access: (fine|request|odd|failed)( |$)", line)) for line in lines) == events + 1


def test_libraries_are_heard_from_warnings_on(tmp_path: Path) -> None:
    """The standard library's logging goes the same way."""
    lines = logged(tmp_path, "debug", "text")
    assert re.fullmatch(rf"{TIME} warn library: heard well", lines[-1])
    assert not any("unheard" in line for line in lines)
