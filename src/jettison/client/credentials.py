"""What to sign in to a registry with, and where that came from."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

IDENTITY_USER: Final = "<token>"
"""The user name under which docker keeps an identity token (docker-credential-helpers)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and password, or an identity token (an OAuth2 refresh token), or a registry token (a bearer's).

    `source` says for messages where they came from, as in `~/.docker/config.json`. Secrets are in no repr.
    """

    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    registry_token: str = field(default="", repr=False)
    source: str = "the command line"

    @property
    def is_anonymous(self) -> bool:
        """Whether there is nothing to sign in with."""
        return not (self.username or self.password or self.identity_token or self.registry_token)

    @property
    def basic(self) -> str:
        """The value of `Authorization` for Basic (RFC 7617)."""
        return f"Basic {b64encode(f'{self.username}:{self.password}'.encode()).decode()}"

    def __str__(self) -> str:
        if self.is_anonymous:
            return "no credentials"
        who = f"the credentials of {self.username}" if self.username else "a token"
        return f"{who} from {self.source}"


ANONYMOUS: Final = Credentials(source="nowhere")
