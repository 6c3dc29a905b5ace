"""`log`: what is logged, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, PlainValidator

from jettison.settings.models.section import Section
from jettison.settings.values import Flag, Text, one_of


class AccessLog(Section):
    """`log.accesslog`: one line for each request."""

    disabled: Flag = Field(default=False, description="No line for each request.")


class Log(Section):
    """`log`: what is logged, and how."""

    level: Annotated[
        Literal["debug", "info", "warn", "error"], PlainValidator(one_of("debug", "info", "warn", "error"))
    ] = Field(default="info", description="Least level that is logged: debug, info, warn or error.")
    formatter: Annotated[
        Literal["text", "json"],
        PlainValidator(one_of("text", "json", refused={"logstash": "write json, whose fields have other names"})),
    ] = Field(default="text", description="Form of a line: text or json.")
    fields: Mapping[Text, Text] = Field(
        default_factory=dict, description="Fields of every line, each as `name: value`."
    )
    accesslog: AccessLog = Field(default=AccessLog(), description="One line for each request.")
