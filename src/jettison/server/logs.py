"""The form of log lines: what structlog and the standard library's logging are told at start."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from types import MappingProxyType
from typing import Any, Literal

import structlog
from structlog.typing import EventDict, Processor

from jettison.server.journal import Journal

Level = Literal["debug", "info", "warn", "error"]
Form = Literal["text", "json"]

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
_NAMES = {"warning": "warn", "critical": "error"}
_NUMBERS = frozenset({int, float})
_NOTHING: Mapping[str, str] = MappingProxyType({})
_is_word = re.compile(r"[!#-<>-~]+").fullmatch
_is_phrase = re.compile(r"[ !#-<>-~]+").fullmatch
_encode = json.JSONEncoder(default=str).encode


def configure(journal: Journal, level: Level, form: Form, fields: Mapping[str, str] = _NOTHING) -> None:
    """Send every log line of this process at ``level`` or above to ``journal``, as text (key=value) or JSON.

    Each line has ``fields`` too. Libraries that use the standard library's logging are heard from warnings on.
    """
    render: Processor = _Json(fields) if form == "json" else _Text(fields)
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


class _Text:
    """``2026-01-31T12:00:00.123Z info access: request method=GET path=/v2/``; a traceback goes on lines below."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = "".join(f" {_word(name)}={_word(value)}" for name, value in fields.items())

    def __call__(self, sink: Any, method: str, event: EventDict) -> str:
        trace = _traceback(event.pop("exc_info")) if "exc_info" in event else ""
        said = str(event.pop("event", ""))
        said = said if _is_phrase(said) else encode_basestring_ascii(said)
        line = f"{_now()} {_NAMES.get(method, method)} {sink.name}: {said}"
        for key, value in event.items():
            line += f" {key}={value if type(value) in _NUMBERS else _word(str(value))}"
        line += self._fields
        return f"{line}\n{trace}" if trace else line


class _Json:
    """An object on one line; what an event says itself wins over a field of the same name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def __call__(self, sink: Any, method: str, event: EventDict) -> str:
        trace = _traceback(event.pop("exc_info", None))
        head = {
            "time": _now(),
            "level": _NAMES.get(method, method),
            "logger": sink.name,
            "event": event.pop("event", ""),
        }
        line = {**self._fields, **head, **event}
        if trace:
            line["traceback"] = trace
        return _encode(line)


def _word(text: str) -> str:
    """A value on one line, in quotes where it could be taken for something else."""
    return text if _is_word(text) else encode_basestring_ascii(text)


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
