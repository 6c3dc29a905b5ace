"""`http`: where the registry listens, and what its answers carry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer, PlainValidator, ValidationInfo, field_validator, model_validator

from jettison.settings.address import Address
from jettison.settings.models.section import Section
from jettison.settings.values import (
    BaseUrl,
    File,
    Flag,
    HeaderName,
    HeaderValue,
    LengthOfTimeOrNone,
    Listening,
    Prefix,
    RoutePath,
    one_of,
    path_of,
    read_address,
)

_VERIFIED = "require-and-verify-client-cert"
_OTHERS = dict.fromkeys(
    ("request-client-cert", "require-any-client-cert", "verify-client-cert-if-given"),
    f"a client shows a certificate that is verified, or none: write {_VERIFIED}, or remove it",
)


class Tls(Section):
    """`http.tls`: HTTPS by a certificate of one's own."""

    certificate: File = Field(
        description="File of the server's certificate and those between it and its authority, as PEM."
    )
    key: File = Field(description="File of the certificate's key, as PEM.")
    clientcas: tuple[File, ...] = Field(
        default=(),
        description="Files of the authorities whose certificates clients must have, as PEM; without them, none is asked"
        " for.",
    )
    clientauth: (
        Annotated[Literal["require-and-verify-client-cert"], PlainValidator(one_of(_VERIFIED, refused=_OTHERS))] | None
    ) = Field(
        default=None,
        description="How client certificates are asked for: require-and-verify-client-cert, which is also what"
        " `http.tls.clientcas` alone means.",
    )
    minimumtls: Annotated[
        Literal["tls1.2", "tls1.3"],
        PlainValidator(
            one_of(
                "tls1.2",
                "tls1.3",
                refused=dict.fromkeys(("tls1.0", "tls1.1"), "write tls1.2, as distribution 3 does, or remove it"),
            )
        ),
    ] = Field(default="tls1.2", description="Lowest version of TLS: tls1.2 or tls1.3.")

    @model_validator(mode="after")
    def _of_somebody(self) -> Tls:
        if self.clientauth is not None and not self.clientcas:
            raise ValueError("asks clients for certificates of no authority: add `clientcas`, or remove `clientauth`")
        return self


class Http2(Section):
    """`http.http2`: HTTP/2, which TLS brings."""

    disabled: Flag = Field(default=False, description="No HTTP/2 over TLS.")


class Prometheus(Section):
    """`http.debug.prometheus`: metrics."""

    enabled: Flag = Field(default=False, description="Whether the debug address answers with metrics.")
    path: RoutePath = Field(default="/metrics", description="Path of the metrics on the debug address.")


class Debug(Section):
    """`http.debug`: an address for health and metrics, apart from that of clients."""

    addr: Listening | None = Field(
        default=None, description="Address of health and metrics, as host:port; without it there is none."
    )
    prometheus: Prometheus = Field(default=Prometheus(), description="Metrics.")


class Http(Section):
    """`http`: where the registry listens, and what its answers carry."""

    net: Annotated[Literal["tcp", "unix"], PlainValidator(one_of("tcp", "unix"))] = Field(
        default="tcp", description="What `http.addr` is: tcp, an address; unix, the path of a socket."
    )
    addr: Annotated[Address | Path, PlainSerializer(str)] = Field(
        default=Address("127.0.0.1", 5000),
        validate_default=True,
        description="Address to listen on, as host:port; `:5000` is every interface, port 0 a free one. With"
        " `http.net: unix`, the path of a socket.",
    )
    prefix: Prefix = Field(default="", description="Path before `/v2/`, as /registry/; without it, none.")
    host: BaseUrl | None = Field(
        default=None, description="URL by which clients reach the registry; without it, Location and Link are relative."
    )
    draintimeout: LengthOfTimeOrNone = Field(
        default=timedelta(seconds=10), description="How long requests in flight may go on once the registry is stopped."
    )
    headers: Mapping[HeaderName, tuple[HeaderValue, ...]] = Field(
        default_factory=dict, description="Headers of every answer: each name with a list of its values."
    )
    tls: Tls | None = Field(
        default=None, description="HTTPS by a certificate of one's own; without one it is plain HTTP."
    )
    http2: Http2 = Field(default=Http2(), description="HTTP/2, which TLS brings.")
    debug: Debug = Field(default=Debug(), description="An address for health and metrics, apart from that of clients.")

    @field_validator("addr", mode="plain")
    @classmethod
    def _by_net(cls, value: object, info: ValidationInfo) -> Address | Path:
        if info.data.get("net") != "unix":
            return read_address(value)
        if isinstance(value, Address):
            raise ValueError("is missing: with `http.net: unix` it is the path of a socket")  # noqa: TRY004  (see values)
        return path_of("socket")(value)

    @field_validator("tls", mode="before")
    @classmethod
    def _none_without_certificate(cls, value: Any) -> Any:
        if not isinstance(value, dict) or value.get("certificate"):
            return value
        if value.get("key") or value.get("clientcas") or value.get("clientauth"):
            raise ValueError("has no certificate, so distribution would serve it without TLS: add `certificate`")
        return None
