"""Names of users, robots and groups."""

from __future__ import annotations

import re
from typing import Final

from jettison.oci.errors import AccountInvalid, quoted

LONGEST_ACCOUNT_NAME: Final = 64
ACCOUNT_NAME_PATTERN: Final = r"[a-z0-9](?:[a-z0-9._@+-]*[a-z0-9])?"
EVERYBODY: Final = "anonymous"
"""Whom grants name for those who have not signed in, and so no account's name."""

_RESERVED = (EVERYBODY, "everyone")
_is_written_as_name = re.compile(ACCOUNT_NAME_PATTERN).fullmatch


def is_account_name(text: str) -> bool:
    """Whether an account or group may have that name; what cannot be one is not looked for."""
    return len(text) <= LONGEST_ACCOUNT_NAME and _is_written_as_name(text) is not None and text not in _RESERVED


def check_account_name(text: str) -> None:
    """Raise AccountInvalid, saying which names can be had, unless it is one."""
    if text in _RESERVED:
        raise AccountInvalid(f"the name {text} stands for everybody: take another")
    if not is_account_name(text):
        raise AccountInvalid(
            f"the name {quoted(text)} cannot be had: a name is 1 to {LONGEST_ACCOUNT_NAME} lower-case letters, digits,"
            " '.', '_', '@', '+' and '-', with a letter or digit at each end"
        )
