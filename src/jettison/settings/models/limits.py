"""`jettison.limits`: how much anybody may ask of the registry."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from jettison.settings.models.section import Section
from jettison.settings.values import Count, CountOrNone, LengthOfTime, LengthOfTimeOrNone


class Head(Section):
    """`jettison.limits.head`: a request before its body."""

    size: Count = Field(default=64 * 1024, description="Most bytes of a request's path, query and headers together.")
    time: LengthOfTime = Field(
        default=timedelta(seconds=30),
        description="How long a client may take to send them, and how long a connection is kept that asks nothing.",
    )


class SignIns(Section):
    """`jettison.limits.signins`: passwords that are guessed."""

    failures: CountOrNone = Field(
        default=5,
        description="How often an account may fail at one address before it waits there; 0 is without any limit.",
    )
    address: Count = Field(
        default=30, description="How often an address may fail, with whatever accounts, before it waits."
    )
    wait: LengthOfTime = Field(
        default=timedelta(seconds=1), description="How long the first wait is; each failure after it doubles it."
    )
    longest: LengthOfTime = Field(default=timedelta(minutes=15), description="How long no wait is longer than.")


class Requests(Section):
    """`jettison.limits.requests`: how often anybody may ask."""

    rate: CountOrNone = Field(
        default=0,
        description="Requests a second that each account may send, or each address without one; processes on one"
        " database count together. 0 is without any limit.",
    )
    burst: CountOrNone = Field(
        default=0,
        description="How many it may send at once; 0 is ten seconds' worth of `jettison.limits.requests.rate`.",
    )


class Limits(Section):
    """`jettison.limits`: how much anybody may ask of the registry."""

    manifest: Count = Field(default=4 * 1024 * 1024, description="Largest manifest, in bytes.")
    tags: Count = Field(default=100, description="Most tags in the parameters of one push by digest.")
    blob: CountOrNone = Field(default=0, description="Largest blob that is uploaded, in bytes; 0 is without any limit.")
    idle: LengthOfTimeOrNone = Field(
        default=timedelta(minutes=1),
        description="How long the body of a request may bring nothing before it is given up; 0 is for ever.",
    )
    head: Head = Field(default=Head(), description="A request before its body.")
    signins: SignIns = Field(default=SignIns(), description="Passwords that are guessed.")
    requests: Requests = Field(default=Requests(), description="How often anybody may ask.")
