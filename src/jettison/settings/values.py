"""What the text of a setting may say.

Each reader takes text, or a value that is already right, and raises ValueError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, TypeAlias
from urllib.parse import urlsplit

from pydantic import PlainSerializer, PlainValidator

from jettison.settings.address import Address, is_host
from jettison.settings.duration import format_duration, parse_duration

_TRUE = frozenset({"true", "yes", "on", "y"})
_FALSE = frozenset({"false", "no", "off", "n"})
_WHOLE = re.compile(r"-?[0-9]{1,15}")
_MOST = 1000
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_PREFIX = re.compile(r"/(?:[A-Za-z0-9._~-]+(?:/|$))*")
_ROUTE = re.compile(r"/[A-Za-z0-9._~/-]*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_SECRETS = re.compile(r"(?<=://)[^/?#]*@|[?#].*", re.DOTALL)
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


def path_of(kind: str) -> Callable[[object], Path]:
    """A reader of the path of a `kind` of file, as given."""

    def read_path(value: object) -> Path:
        text = str(value)
        if not text or "\0" in text:
            raise ValueError(f"is empty: name a {kind}")
        return Path(text)

    return read_path


def read_prefix(value: object) -> str:
    """The path before `/v2/`, given back with a slash before it and none after it; empty for none."""
    text = read_text(value)
    if text and not _PREFIX.fullmatch(text):
        raise ValueError(f"{shown(text)} is no path before /v2/: write it like /registry/, of letters, digits, - . _ ~")
    return text.rstrip("/")


def read_route_path(value: object) -> str:
    """The path by which one thing is asked for."""
    text = read_text(value)
    if not _ROUTE.fullmatch(text):
        raise ValueError(f"{shown(text)} is no path to ask for: write it like /metrics")
    return text


def read_web_url(value: object) -> str:
    """An absolute http or https URL, as given."""
    text = read_text(value)
    try:
        url = urlsplit(text)
        url.port  # noqa: B018  (raises where the port is not one)
        sound = url.scheme.lower() in {"http", "https"} and bool(url.hostname) and _VISIBLE.fullmatch(text) is not None
    except ValueError:
        sound = False
    if not sound:
        # It may hold a password, so it is not repeated.
        raise ValueError("is not an absolute http or https URL: write it like https://hooks.example.com/registry")
    return text


def without_secrets(url: str) -> str:
    """What of a URL may be logged: neither a password nor what follows a question mark."""
    return _SECRETS.sub("", url)


def read_base_url(value: object) -> str:
    """An absolute http or https URL; given back without a slash at its end.

    Of its path, what follows the last slash falls away: that is how distribution makes Location of it.
    """
    text = read_text(value)
    problem = _base_url_problem(text)
    if problem:
        raise ValueError(f"{shown(text)} {problem}: write it like https://registry.example.com")
    url = urlsplit(text)
    return f"{url.scheme}://{url.netloc}{url.path.rpartition('/')[0]}".rstrip("/")


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
    if url.path and not _PREFIX.fullmatch(url.path):
        return "has a path of more than letters, digits, - . _ ~"
    if url.query or url.fragment:
        return "has more than a scheme, a host, a port and a path"
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


def read_pattern(value: object) -> str:
    """A regular expression."""
    text = read_text(value)
    try:
        re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"{shown(text)} is no regular expression: {error}") from None
    return text


def whole(least: int, *, zero_means: int = 0) -> Callable[[object], int]:
    """A reader of whole numbers from `least` on; a 0 is given back as what it means."""

    def read_whole(value: object) -> int:
        text = str(value)
        if not _WHOLE.fullmatch(text) or isinstance(value, bool):
            raise ValueError(f"{shown(value)} is not a whole number")
        if int(text) < least:
            raise ValueError(f"{text} is too small: it is at least {least}")
        return int(text) or zero_means

    return read_whole


def read_most_entries(value: object) -> int:
    """A whole number; distribution takes 0 and less as its default of 1000."""
    return max(0, whole(-(10**15))(value)) or _MOST


def read_status(value: object) -> int:
    """The status of an answer in HTTP; 0 means 200."""
    number = whole(0, zero_means=200)(value)
    if not 100 <= number <= 599:
        raise ValueError(f"{number} is no status: it is 100 to 599")
    return number


def read_proxy(value: object) -> str:
    """The address of a proxy, a network of them, or the word `unix`."""
    text = read_text(value)
    if text == "unix":
        return text
    try:
        return str(ip_network(text))
    except ValueError as error:
        raise ValueError(
            f"{shown(text)} is no address or network: write it like 10.0.0.7, 10.0.0.0/8 or 2001:db8::/32, or unix"
        ) from error


def read_name(value: object) -> str:
    """The name of one of several alike: what a host may be called."""
    text = read_text(value)
    if not _NAME.fullmatch(text):
        raise ValueError(f"{shown(text)} is no name: write 1 to 63 letters, digits, - . _")
    return text


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


def duration(*, zero: bool = True, zero_means: timedelta = timedelta()) -> Callable[[object], timedelta]:
    """A reader of Go's durations; `zero` says whether none at all is one, `zero_means` what it is given back as."""

    def read_duration(value: object) -> timedelta:
        length = value if isinstance(value, timedelta) else parse_duration(read_text(value))
        if not length and not zero:
            raise ValueError("is too short: it is more than 0")
        return length or zero_means

    return read_duration


def shown(value: object) -> str:
    """A value as a message quotes it: not too long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


Flag: TypeAlias = Annotated[bool, PlainValidator(read_flag)]
Listening: TypeAlias = Annotated[Address, PlainValidator(read_address), PlainSerializer(str)]
Text: TypeAlias = Annotated[str, PlainValidator(read_text)]
Folder: TypeAlias = Annotated[Path, PlainValidator(path_of("folder"))]
File: TypeAlias = Annotated[Path, PlainValidator(path_of("file"))]
Prefix: TypeAlias = Annotated[str, PlainValidator(read_prefix)]
RoutePath: TypeAlias = Annotated[str, PlainValidator(read_route_path)]
Pattern: TypeAlias = Annotated[str, PlainValidator(read_pattern)]
WebUrl: TypeAlias = Annotated[str, PlainValidator(read_web_url)]
BaseUrl: TypeAlias = Annotated[str, PlainValidator(read_base_url)]
DatabaseUrl: TypeAlias = Annotated[str, PlainValidator(read_database_url)]
HeaderName: TypeAlias = Annotated[str, PlainValidator(read_header_name)]
HeaderValue: TypeAlias = Annotated[str, PlainValidator(read_header_value)]
MostEntries: TypeAlias = Annotated[int, PlainValidator(read_most_entries)]
MostTags: TypeAlias = Annotated[int, PlainValidator(whole(least=0, zero_means=_MOST))]
Count: TypeAlias = Annotated[int, PlainValidator(whole(least=1))]
CountOrNone: TypeAlias = Annotated[int, PlainValidator(whole(least=0))]
Name: TypeAlias = Annotated[str, PlainValidator(read_name)]
Proxy: TypeAlias = Annotated[str, PlainValidator(read_proxy)]
LengthOfTime: TypeAlias = Annotated[timedelta, PlainValidator(duration(zero=False)), PlainSerializer(format_duration)]
LengthOfTimeOrNone: TypeAlias = Annotated[
    timedelta, PlainValidator(duration(zero=True)), PlainSerializer(format_duration)
]
