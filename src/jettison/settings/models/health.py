"""`health`: what is looked at to say whether the registry is well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, TypeAlias

from pydantic import Field, PlainSerializer, PlainValidator

from jettison.settings.duration import format_duration
from jettison.settings.models.section import Section
from jettison.settings.values import (
    File,
    Flag,
    HeaderName,
    HeaderValue,
    Listening,
    WebUrl,
    duration,
    read_status,
    whole,
)

_EVERY = timedelta(seconds=10)
_LONGEST = timedelta(seconds=5)
_Every: TypeAlias = Annotated[timedelta, PlainValidator(duration(zero_means=_EVERY)), PlainSerializer(format_duration)]
_Longest: TypeAlias = Annotated[
    timedelta, PlainValidator(duration(zero_means=_LONGEST)), PlainSerializer(format_duration)
]
_Times: TypeAlias = Annotated[int, PlainValidator(whole(least=0, zero_means=1))]
_Status: TypeAlias = Annotated[int, PlainValidator(read_status)]

_INTERVAL = "How often it is looked at; 0 means the default."
_THRESHOLD = "How many times in a row it fails before the registry is unwell; 0 means the default."
_TIMEOUT = "How long one look may take; 0 means the default."


class StorageDriver(Section):
    """`health.storagedriver`: whether the data folder and the database answer."""

    enabled: Flag = Field(default=False, description="Whether storage is looked at.")
    interval: _Every = Field(default=_EVERY, description=_INTERVAL)
    threshold: _Times = Field(default=1, description=_THRESHOLD)


class FileCheck(Section):
    """`health.file[]`: a file whose presence says that the registry is unwell."""

    file: File = Field(description="The file's path.")
    interval: _Every = Field(default=_EVERY, description=_INTERVAL)


class HttpCheck(Section):
    """`health.http[]`: a URL that must answer."""

    uri: WebUrl = Field(description="The URL, which is asked by HEAD.", repr=False)
    headers: Mapping[HeaderName, tuple[HeaderValue, ...]] = Field(
        default_factory=dict, description="Headers of the request: each name with a list of its values.", repr=False
    )
    statuscode: _Status = Field(default=200, description="The status it must answer with; 0 means the default.")
    timeout: _Longest = Field(default=_LONGEST, description=_TIMEOUT)
    interval: _Every = Field(default=_EVERY, description=_INTERVAL)
    threshold: _Times = Field(default=1, description=_THRESHOLD)


class TcpCheck(Section):
    """`health.tcp[]`: an address that must take connections."""

    addr: Listening = Field(description="The address, as host:port.")
    timeout: _Longest = Field(default=_LONGEST, description=_TIMEOUT)
    interval: _Every = Field(default=_EVERY, description=_INTERVAL)
    threshold: _Times = Field(default=1, description=_THRESHOLD)


class Health(Section):
    """`health`: what is looked at to say whether the registry is well."""

    storagedriver: StorageDriver = Field(
        default=StorageDriver(), description="Whether the data folder and the database answer."
    )
    file: tuple[FileCheck, ...] = Field(default=(), description="Files whose presence says that it is unwell.")
    http: tuple[HttpCheck, ...] = Field(default=(), description="URLs that must answer.")
    tcp: tuple[TcpCheck, ...] = Field(default=(), description="Addresses that must take connections.")
