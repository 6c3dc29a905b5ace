"""An outside token server, as much of it as a registry knows: its keys, and the tokens that it makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from tests.access.forging import claims, jwk_of, signed
from tests.access.site import Site
from tests.access.who import Who

REALM = "https://tokens.example.com/token"
ISSUER = "tokens.example.com"
SERVICE = "the registry"
KEY_NAME = "outside-1"


@dataclass(frozen=True, slots=True)
class Outside:
    """A registry that believes the tokens of ``issuer`` signed by ``key``, and knows itself as ``service``."""

    site: Site
    key: ec.EllipticCurvePrivateKey
    key_name: str = KEY_NAME
    issuer: str = ISSUER
    service: str = SERVICE

    def token(self, *access: tuple[str, str, tuple[str, ...]], **changed: Any) -> str:
        """A token of somebody for these: kind, name and actions."""
        listed = [{"type": kind, "name": name, "actions": list(actions)} for kind, name, actions in access]
        usual: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.service,
            "sub": "somebody",
            "access": listed,
            "kind": None,
        }
        return signed(self.key, {"alg": "ES256", "typ": "JWT", "kid": self.key_name}, claims(**{**usual, **changed}))

    def token_for(self, who: Who, name: str) -> str:
        """A token of somebody for what ``who`` may do with the repository ``name``."""
        access = [("repository", name, tuple(sorted(who.here)))]
        if who.elsewhere:
            access.append(("repository", "elsewhere/app", tuple(sorted(who.elsewhere))))
        if who.catalog:
            access.append(("registry", "catalog", ("*",)))
        return self.token(*access)


@contextmanager
def open_outside() -> Iterator[Outside]:
    """A registry in token mode, with the key set of the server in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    with TemporaryDirectory(prefix="jettison-jwks-") as folder:
        jwks = Path(folder, "jwks.json")
        jwks.write_text(json.dumps({"keys": [jwk_of(key, kid=KEY_NAME)]}))
        token = {"realm": REALM, "service": SERVICE, "issuer": ISSUER, "jwks": str(jwks)}
        with Site({"auth": {"token": token}}) as site:
            yield Outside(site, key)
