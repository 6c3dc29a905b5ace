"""Whether what the settings name is there: files of TLS and of sign-ins, the folder of the data, that of a socket."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from pathlib import Path

from jettison.settings.address import Address
from jettison.settings.findings import Finding, Origin
from jettison.settings.load import Loaded
from jettison.settings.models.auth import Auth
from jettison.settings.models.http import Tls


def missing(loaded: Loaded) -> Iterator[Finding]:
    """Everything that would stop a server of these settings here, though the settings themselves can be served."""
    settings, origins = loaded.settings, loaded.origins
    for path, message in (
        *(_data(settings.storage.folder) if settings.storage.folder else ()),
        *_socket(settings.http.addr),
        *(_tls(settings.http.tls) if settings.http.tls else ()),
        *_auth(settings.auth),
    ):
        yield Finding(origins.get(path, Origin("default")), path, message)


def _data(folder: Path) -> Iterator[tuple[str, str]]:
    path = "storage.filesystem.rootdirectory"
    there = next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))
    if not there.is_dir():
        yield path, f"{there} is a file, not a folder: name another folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        what = "is not this user's to write" if there == folder else f"cannot be made, since {there} is not this user's"
        yield path, f"{folder} {what}: run as the user who owns it, or name another folder"


def _socket(address: Address | Path) -> Iterator[tuple[str, str]]:
    if isinstance(address, Path) and not address.parent.is_dir():
        yield "http.addr", f"{address.parent}, where the socket goes, is no folder: make it, or name another path"


def _tls(tls: Tls) -> Iterator[tuple[str, str]]:
    files = [("certificate", tls.certificate), ("key", tls.key)]
    files += [(f"clientcas[{index}]", file) for index, file in enumerate(tls.clientcas)]
    unread = [(f"http.tls.{key}", problem) for key, file in files if (problem := _unreadable(file))]
    yield from unread
    if unread:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=_no_password)
    except (OSError, ValueError) as error:
        yield (
            "http.tls.certificate",
            f"{tls.certificate} and {tls.key} are no certificate and its key: {_reason(error)}",
        )
    for index, file in enumerate(tls.clientcas):
        try:
            context.load_verify_locations(file)
        except OSError as error:
            yield f"http.tls.clientcas[{index}]", f"{file} holds no certificate: {_reason(error)}"


def _auth(auth: Auth) -> Iterator[tuple[str, str]]:
    files: dict[str, Path | None] = {}
    if auth.htpasswd is not None:
        files["auth.htpasswd.path"] = auth.htpasswd.path
    if auth.token is not None:
        files |= {"auth.token.rootcertbundle": auth.token.rootcertbundle, "auth.token.jwks": auth.token.jwks}
    for path, file in files.items():
        if file is not None and (problem := _unreadable(file)):
            yield path, problem


def _unreadable(file: Path) -> str | None:
    try:
        file.open("rb").close()
    except OSError as error:
        return f"{file} cannot be read: {(error.strerror or str(error)).lower()}"
    return None


def _no_password() -> str:
    # Without this a key under a password would ask for it on the terminal.
    raise ValueError("the key is under a password: store it without one")


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or error).replace("_", " ").lower()
