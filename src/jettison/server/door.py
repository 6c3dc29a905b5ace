"""The door that the settings ask for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from jettison.http.door.door import Door
from jettison.registry.clock import Clock
from jettison.registry.registry import Registry
from jettison.registry.setup import new_code
from jettison.server.errors import ServeError
from jettison.server.periodic import Periodic
from jettison.settings import Settings
from jettison.settings.models.auth import Accounts, Htpasswd, Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.x509 import Certificate

    from jettison.http.door.trust import Key

T = TypeVar("T")

NAME = "jettison"
"""What tokens are for, and who issues them, where `http.host` does not say it."""


class Doorway:
    """The ``door`` of ``settings``, None where nobody is asked who they are; and what keeps it up to date.

    Tokens of the registry's own go by ``clock``. Each way of it is imported where it is asked for: they take a tenth
    of a second of a start. Raises ServeError for a file that cannot be used, and Unavailable.
    """

    def __init__(self, settings: Settings, registry: Registry, clock: Clock) -> None:
        self._looking: Periodic | None = None
        self.door: Door | None = None
        auth, insecure = settings.auth, settings.jettison.signin.insecure
        if auth.htpasswd is not None:
            self.door = _htpasswd(auth.htpasswd, registry, insecure=insecure)
        elif auth.token is not None:
            self.door = _outside(auth.token, settings)
        elif auth.jettison is not None:
            self.door = self._accounts(auth.jettison, settings, registry, clock)

    def _accounts(self, accounts: Accounts, settings: Settings, registry: Registry, clock: Clock) -> Door:
        from jettison.http.door.accounts import AccountsDoor, Service  # noqa: PLC0415
        from jettison.http.door.ring import SECONDS  # noqa: PLC0415

        host = settings.http.host
        name = accounts.service or (urlsplit(host).netloc if host else NAME)
        service = Service(name, host or NAME, accounts.lifetime)
        insecure = settings.jettison.signin.insecure
        door = AccountsDoor(registry, service, accounts.realm, insecure=insecure, clock=clock.now)
        self._looking = Periodic("look-at-keys", SECONDS, door.ring.refresh)
        _offer_setup(registry)
        return door

    def close(self) -> None:
        """End what runs beside it."""
        if self._looking is not None:
            self._looking.stop()
        if self.door is not None:
            self.door.close()


def _offer_setup(registry: Registry) -> None:
    """While there is no administrator, tell whoever started the server how to be the first."""
    code = None if registry.rules.read_only else new_code(registry)
    if code is not None:
        sys.stderr.write(
            "There is no administrator yet. To be the first, open /console/setup in a browser and give it"
            f" the code {code} within a day (POST /api/v1/setup takes it too); or run `jettison user add --admin NAME`"
            " beside the server\n"
        )


def _htpasswd(htpasswd: Htpasswd, registry: Registry, *, insecure: bool) -> Door:
    from jettison.http.door.htpasswd import HtpasswdDoor  # noqa: PLC0415
    from jettison.http.door.password_file import PasswordFile  # noqa: PLC0415

    file = PasswordFile(htpasswd.path)
    _readable("auth.htpasswd.path", htpasswd.path, Path.read_bytes)
    file.read()
    return HtpasswdDoor(registry, file, htpasswd.realm, insecure=insecure)


def _outside(token: Token, settings: Settings) -> Door:
    from jettison.http.door.jwt import Verifier  # noqa: PLC0415
    from jettison.http.door.outside import OutsideDoor  # noqa: PLC0415
    from jettison.http.door.trust import Bundle  # noqa: PLC0415

    certificates = _readable("auth.token.rootcertbundle", token.rootcertbundle, _certificates) or []
    keys = _readable("auth.token.jwks", token.jwks, _key_set) or {}
    if not certificates and not keys:
        raise ServeError("auth.token: its files hold no key that signs tokens")
    try:
        trust = Bundle(certificates, keys)
    except ValueError as error:
        raise ServeError(f"auth.token.rootcertbundle: {token.rootcertbundle} {error}") from error
    verifier = Verifier(trust, token.issuer, token.service, token.signingalgorithms)
    realm = f"{settings.http.host}{token.autoredirectpath}" if token.autoredirect else token.realm
    return OutsideDoor(verifier, realm, token.service)


def _readable(setting: str, file: Path | None, read: Callable[[Path], T]) -> T | None:
    if file is None:
        return None
    try:
        return read(file)
    except OSError as error:
        raise ServeError(f"{setting}: {file} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except ValueError as error:
        raise ServeError(f"{setting}: {file} {error}") from error


def _certificates(file: Path) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415

    try:
        return load_pem_x509_certificates(file.read_bytes())
    except ValueError as error:
        raise ValueError("holds no certificates as PEM") from error


def _key_set(file: Path) -> dict[str, Key]:
    from jettison.http.door.trust import read_key_set  # noqa: PLC0415

    try:
        document = json.loads(file.read_bytes())
    except ValueError as error:
        raise ValueError("is no JSON") from error
    return read_key_set(document)
