"""The seal of a form: what only a page that we gave to this browser, in this session, can send back."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from jettison.oci.errors import Denied

FIELD: Final = "seal"


def new_key() -> str:
    """A key for the cookie that forms are sealed with."""
    return secrets.token_urlsafe(32)


def of(key: str, session: str) -> str:
    """The seal of all forms of a browser, while the same session lasts."""
    return hmac.new(key.encode(), session.encode(), hashlib.sha256).hexdigest()


def check(key: str, session: str, sent: str) -> None:
    """Raise Denied unless ``sent`` is the seal."""
    if not key or not hmac.compare_digest(of(key, session).encode(), sent.encode()):
        raise Denied("this form is of another visit: go back, load the page again, and send it once more")
