"""What a bearer token is refused with (RFC 6750, 3.1); whoever shows none, or a wrong password, is Unauthorized."""

from __future__ import annotations

from jettison.oci.errors import Unauthorized


class TokenInvalid(Unauthorized):
    """The token is not one of ours, or no longer."""


class ScopeInsufficient(Unauthorized):
    """The token is good, but not for this; another might be."""


class UnknownKey(TokenInvalid):
    """The token is signed by a key that nobody here trusts, or does not say by which."""
