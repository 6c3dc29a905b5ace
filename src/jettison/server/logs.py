"""The form of log lines: what structlog and the standard library's logging are told at start."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

from jettison.server.journal import Journal

Level = Literal["debug", "info", "warn", "error"]
Form = Literal["text", "json"]

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_NAMES = {"warning": "warn", "critical": "error"}
_PLAIN = re.compile(r"[!#-<>-~]+")
_PHRASE = re.compile(r"[ !#-<>-~]+")
_encode = json.JSONEncoder(default=str).encode


def configure(journal: Journal, level: Level, form: Form) -> None:
    """Send every log line of this process at ``level`` or above to ``journal``, as text (key=value) or JSON.

    Libraries that use the standard library's logging are heard from warnings on.
    """
    render: Processor = _json if form == "json" else _text
    structlog.configure(
        processors=[render],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *name: _Sink(journal, name[0] if name else "jettison"),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)


class _Sink:
    """The end of a structlog logger: ``name`` is what it was asked for by."""

    def __init__(self, journal: Journal, name: str) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = journal.add


class _Libraries(logging.Handler):
    """The way of the standard library's records into structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = structlog.get_logger(record.name)
        logger.log(min(record.levelno, logging.CRITICAL), record.getMessage(), exc_info=record.exc_info)


def _text(sink: Any, method: str, event: EventDict) -> str:
    """``2026-01-31T12:00:00.123Z info access: request method=GET path=/v2/``; a traceback goes on lines below."""
    trace = _traceback(event.pop("exc_info", None))
    line = f"{_now()} {_NAMES.get(method, method)} {sink.name}: {_quoted(event.pop('event', ''), _PHRASE)}"
    for key, value in event.items():
        line += f" {key}={value if type(value) is int else _quoted(value, _PLAIN)}"
    return f"{line}\n{trace}" if trace else line


def _json(sink: Any, method: str, event: EventDict) -> str:
    trace = _traceback(event.pop("exc_info", None))
    head = {"time": _now(), "level": _NAMES.get(method, method), "logger": sink.name, "event": event.pop("event", "")}
    line = {**head, **event}
    if trace:
        line["traceback"] = trace
    return _encode(line)


def _quoted(value: object, plain: re.Pattern[str]) -> str:
    """A value on one line, in quotes where it could be taken for something else."""
    text = str(value)
    return text if plain.fullmatch(text) else encode_basestring_ascii(text)


def _traceback(error: Any) -> str:
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    return "".join(traceback.format_exception(error)).rstrip() if isinstance(error, BaseException) else ""


def _now() -> str:
    now = time.time()
    second = int(now)
    return f"{_second(second)}.{int((now - second) * 1000):03d}Z"


@lru_cache(1)
def _second(since_epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(since_epoch))
