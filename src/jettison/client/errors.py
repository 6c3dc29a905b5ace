"""What can go wrong between this client and a registry: one class for each meaning, each message with its fix.

    ClientError
    |-- Invalid          what was asked for cannot be: an address, a name, an option
    |-- NotFound         there is no such repository, tag, manifest or blob
    |-- NotAllowed       401 or 403: these credentials may not do this
    |-- Unsupported      the registry, or the registry as it is set up, does not do this
    |-- Refused          another answer of 4xx: the registry does not take the request as it is
    |-- RateLimited      429, after all repetitions
    |-- Unavailable      5xx, after all repetitions
    |-- Unreachable      no answer: no connection, TLS that fails, a time-out
    |-- Untrustworthy    an answer that cannot be true
    `-- Outdated         what a plan was made for has changed since

`status` is the HTTP status that led to the error; None where there was no answer, or the status was not to blame.
"""

from __future__ import annotations


class ClientError(Exception):
    """Something that could not be done, with the reason and what to do about it in `message`."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class Invalid(ClientError):
    """What was asked for cannot be: an address, a name or an option that cannot be read."""


class NotFound(ClientError):
    """There is no such repository, tag, manifest or blob (404 with a registry's own answer, or one like it)."""


class NotAllowed(ClientError):
    """401 or 403. The message says which credentials were used, and where they came from."""


class Unsupported(ClientError):
    """The registry, or the registry as it is set up, does not do this (405, or the code UNSUPPORTED)."""


class Refused(ClientError):
    """The registry does not take the request as it is: any answer of 4xx that no other class is for."""


class RateLimited(ClientError):
    """Too many requests (429), still after all repetitions.

    `retry_after` is how many seconds the registry asks to wait; None where it does not say.
    """

    def __init__(self, message: str, *, status: int | None = 429, retry_after: float | None = None) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Unavailable(ClientError):
    """The registry has a fault of its own (5xx), still after all repetitions."""


class Unreachable(ClientError):
    """There was no answer: no connection, TLS that fails, or a time-out."""


class Untrustworthy(ClientError):
    """An answer that cannot be true, or that would lead where nobody asked to go.

    A wrong digest, a body that ends early, HTML in place of JSON, pages without end, a redirect or realm elsewhere.
    """


class Outdated(ClientError):
    """What a plan was made for has changed since: plan again."""
