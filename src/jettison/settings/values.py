"""What the text of a setting may say.

Each reader takes text, or a value that is already right, and raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import PlainSerializer, PlainValidator

from jettison.settings.address import Address, is_host
from jettison.settings.duration import format_duration, parse_duration

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
# The server frames its answers itself: a configured value would tear them apart.
_FRAMING = frozenset({"connection", "content-length", "transfer-encoding"})


def read_flag(value: object) -> bool:
    """YAML's words for true and false, quoted or not."""
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word not in _TRUE | _FALSE:
        raise ValueError(f"{shown(value)} is neither true nor false")
    return word in _TRUE


def read_text(value: object) -> str:
    """One line of text as it is."""
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text")  # noqa: TRY004  (pydantic collects ValueError only)
    return value


def read_address(value: object) -> Address:
    """`host:port`."""
    return value if isinstance(value, Address) else Address.parse(read_text(value))


def read_folder(value: object) -> Path:
    """A folder's path, as given."""
    text = str(value)
    if not text or "\0" in text:
        raise ValueError("is empty: name a folder")
    return Path(text)


def read_base_url(value: object) -> str:
    """An absolute http or https URL without a path; given back without a slash at its end."""
    text = read_text(value)
    problem = _base_url_problem(text)
    if problem:
        raise ValueError(f"{shown(text)} {problem}: write it like https://registry.example.com")
    return text.rstrip("/")


def _base_url_problem(text: str) -> str | None:
    try:
        url = urlsplit(text)
        url.port  # noqa: B018  (raises where the port is not one)
    except ValueError:
        return "is not a URL"
    if url.scheme.lower() not in {"http", "https"} or not url.hostname or not _VISIBLE.fullmatch(text):
        return "is not an absolute http or https URL"
    if not is_host(url.netloc.removesuffix(f":{url.port}")):
        return "has no plain host name"
    if url.path not in {"", "/"} or url.query or url.fragment:
        return "has more than a scheme, a host and a port, which is not served yet"
    return None


def read_database_url(value: object) -> str:
    """A PostgreSQL URL. What is refused is not repeated: it may hold a password."""
    text = read_text(value)
    scheme, separator, _ = text.partition("://")
    if scheme == "postgresql" and separator:
        return text
    raise ValueError(
        "is not a PostgreSQL URL: write it like postgresql://user@host/name,"
        " or remove it to keep the database (SQLite) in the data folder"
    )


def read_header_name(value: object) -> str:
    """The name of a response header, as given."""
    name = read_text(value)
    if not _HEADER_NAME.fullmatch(name):
        raise ValueError(f"{shown(name)} is not the name of a header")
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} is set by the server itself: remove it")
    return name


def read_header_value(value: object) -> str:
    """The value of a response header: printable ASCII in one line."""
    text = read_text(value)
    if not _HEADER_VALUE.fullmatch(text):
        raise ValueError(f"{shown(text)} is not the value of a header: it holds more than printable ASCII in one line")
    return text


def whole(least: int) -> Callable[[object], int]:
    """A reader of whole numbers from `least` on."""

    def read_whole(value: object) -> int:
        text = str(value)
        if not _WHOLE.fullmatch(text) or isinstance(value, bool):
            raise ValueError(f"{shown(value)} is not a whole number")
        if int(text) < least:
            raise ValueError(f"{text} is too small: it is at least {least}")
        return int(text)

    return read_whole


def read_most_entries(value: object) -> int:
    """A whole number; distribution takes 0 and less as its default of 1000."""
    number = whole(-(10**15))(value)
    return number if number > 0 else 1000


def one_of(*words: str, refused: Mapping[str, str] | None = None) -> Callable[[object], str]:
    """A reader of one of these words, in any case; `refused` are words of distribution's, each with advice."""

    def read_word(value: object) -> str:
        word = str(value).lower()
        if refused and word in refused:
            raise ValueError(f"{word} is known to distribution and not served yet: {refused[word]}")
        if word not in words:
            raise ValueError(f"{shown(value)} is not {' or '.join(words)}")
        return word

    return read_word


def duration(*, zero: bool) -> Callable[[object], timedelta]:
    """A reader of Go's durations; `zero` says whether none at all is one."""

    def read_duration(value: object) -> timedelta:
        length = value if isinstance(value, timedelta) else parse_duration(read_text(value))
        if not length and not zero:
            raise ValueError("is too short: it is more than 0")
        return length

    return read_duration


def shown(value: object) -> str:
    """A value as a message quotes it: not too long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


Flag: TypeAlias = Annotated[bool, PlainValidator(read_flag)]
Listening: TypeAlias = Annotated[Address, PlainValidator(read_address), PlainSerializer(str)]
Folder: TypeAlias = Annotated[Path, PlainValidator(read_folder)]
BaseUrl: TypeAlias = Annotated[str, PlainValidator(read_base_url)]
DatabaseUrl: TypeAlias = Annotated[str, PlainValidator(read_database_url)]
HeaderName: TypeAlias = Annotated[str, PlainValidator(read_header_name)]
HeaderValue: TypeAlias = Annotated[str, PlainValidator(read_header_value)]
MostEntries: TypeAlias = Annotated[int, PlainValidator(read_most_entries)]
Count: TypeAlias = Annotated[int, PlainValidator(whole(least=1))]
LengthOfTime: TypeAlias = Annotated[timedelta, PlainValidator(duration(zero=False)), PlainSerializer(format_duration)]
LengthOfTimeOrNone: TypeAlias = Annotated[
    timedelta, PlainValidator(duration(zero=True)), PlainSerializer(format_duration)
]
