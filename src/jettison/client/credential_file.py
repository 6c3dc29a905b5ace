"""A file of credentials, docker's `config.json` or podman's `auth.json`: read, and rewritten with care.

Both have `auths`, from registries (podman: and repositories) to secrets, and `credHelpers`, from registries to
programs; docker's has `credsStore`, the program for all others. See "docker login" and containers-auth.json(5).
"""

from __future__ import annotations

import binascii
import json
import os
import tempfile
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jettison.client.address import Host
from jettison.client.credentials import IDENTITY_USER, Credentials
from jettison.client.errors import Invalid
from jettison.client.helper import Helper
from jettison.oci.reference import RepositoryName

DOCKER_HUB_KEY: Final = "https://index.docker.io/v1/"
"""The key of Docker Hub in docker's file and for its helpers; podman's is `docker.io`."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """A file that may not be there; `of_docker` says by whose rules new entries are written."""

    path: Path
    of_docker: bool

    def __str__(self) -> str:
        try:
            return f"~/{self.path.relative_to(Path.home())}"
        except (ValueError, RuntimeError):
            return str(self.path)

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.path.exists()

    def find(self, host: Host, repository: RepositoryName | None) -> Credentials | None:
        """What the file, or a helper that it names, has for them; None for nothing. Raises Invalid."""
        return find(self._read(), host, repository, str(self))

    def store(self, host: Host, credentials: Credentials) -> str:
        """Keep the credentials here, or with the helper that the file names; says where. Raises Invalid."""
        document = self._read()
        auths: Document = document.setdefault("auths", {})
        key = DOCKER_HUB_KEY if self.of_docker and host.is_docker_hub else str(host)
        helper = _helper(document, host)
        if helper is not None:
            helper.store(_server(host), credentials)
            auths[key] = {}
            self._write(document)
            return helper.program
        if credentials.identity_token:
            secret = b64encode(f"{credentials.username or IDENTITY_USER}:".encode()).decode()
            auths[key] = {"auth": secret, "identitytoken": credentials.identity_token}
        else:
            auths[key] = {"auth": credentials.basic.removeprefix("Basic ")}
        self._write(document)
        return str(self)

    def erase(self, host: Host) -> list[str]:
        """Forget what is kept for the host, here and with the helper; the places where it was. Raises Invalid."""
        document = self._read()
        helper = _helper(document, host)
        places = [helper.program] if helper is not None and helper.erase(_server(host)) else []
        auths: Document = document.get("auths", {})
        kept = {key: value for key, value in auths.items() if _host_of(key) != str(host) or _repository_of(key)}
        if len(kept) != len(auths):
            document["auths"] = kept
            self._write(document)
            places.append(str(self))
        return places

    def _read(self) -> Document:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{self} cannot be read: {error}") from None
        return read_document(text, str(self))

    def _write(self, document: Document) -> None:
        """The whole file anew, for its owner only, in one step: whoever reads sees the old one or the new one."""
        path = self.path.resolve()  # a link stays a link
        try:
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", dir=path.parent, prefix=path.name, delete=False
            ) as file:
                try:
                    json.dump(document, file, indent="\t", ensure_ascii=False)
                    file.write("\n")
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(path)  # made with mode 0600
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise Invalid(f"{self} cannot be written: {error}") from None


def read_document(text: str, source: str) -> Document:
    """The JSON object that such a file is, its parts being of the types that they must be. Raises Invalid."""
    try:
        document = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        # The error's own words may quote the file: it says the place only.
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid(f"{source} is not JSON{where}: mend it or remove it") from None
    if not isinstance(document, dict):
        raise Invalid(f"{source} is not a JSON object: mend it or remove it")
    for name in ("auths", "credHelpers"):
        if document.get(name) is None:
            document.pop(name, None)
        elif not isinstance(document[name], dict):
            raise Invalid(f"{source}: {name} is not a JSON object: mend it or remove it")
    return document


def find(document: Document, host: Host, repository: RepositoryName | None, source: str) -> Credentials | None:
    """What a document has: the entry of the longest matching key first, then a helper's, then the host's own entry.

    Raises Invalid for an entry that cannot be read, and where a helper fails.
    """
    auths: Document = document.get("auths", {})
    for key in _repository_keys(host, repository):
        for written, entry in auths.items():
            if _repository_of(written) and f"{_host_of(written)}/{_repository_of(written)}" == key:
                return _entry(entry, written, source)
    helper = _helper(document, host)
    found = None if helper is None else helper.get(_server(host))
    if found is not None:
        return found
    for written, entry in auths.items():
        if _host_of(written) == str(host) and not _repository_of(written):
            own = _entry(entry, written, source)
            if own is not None:
                return own
    return None


def _helper(document: Document, host: Host) -> Helper | None:
    for written, name in document.get("credHelpers", {}).items():
        if _host_of(written) == str(host) and isinstance(name, str) and name:
            return Helper(name)
    store = document.get("credsStore")
    return Helper(store) if isinstance(store, str) and store else None


def _server(host: Host) -> str:
    return DOCKER_HUB_KEY if host.is_docker_hub else str(host)


def _repository_keys(host: Host, repository: RepositoryName | None) -> Iterator[str]:
    """`host/a/b`, then `host/a`: containers-auth.json(5)."""
    parts = [] if repository is None else repository.value.split("/")
    for length in range(len(parts), 0, -1):
        yield f"{host}/{'/'.join(parts[:length])}"


def _host_of(key: str) -> str:
    """The registry that a key is for, as a `Host` is written; empty where it is none."""
    try:
        return str(Host.parse(_without_scheme(key).partition("/")[0]))
    except Invalid:
        return ""


def _repository_of(key: str) -> str:
    """The repository or namespace that a key of podman's is for; empty for a key of a whole registry.

    Keys with a scheme are docker's old ones, whose paths mean nothing.
    """
    return "" if "://" in key else key.partition("/")[2].rstrip("/")


def _without_scheme(key: str) -> str:
    return key.partition("://")[2] if "://" in key else key


def _entry(entry: object, key: str, source: str) -> Credentials | None:
    """The credentials of an entry of `auths`; None for an empty one, which docker leaves where a helper has them."""
    if not isinstance(entry, Mapping):
        raise Invalid(f"{source}: the entry of {key} is not a JSON object: sign in again with `jettison login`")
    texts = {name: value for name, value in entry.items() if isinstance(value, str)}
    username, password = texts.get("username", ""), texts.get("password", "")
    if texts.get("auth"):
        try:
            decoded = b64decode(texts["auth"], validate=True).decode()
        except (binascii.Error, ValueError):
            raise Invalid(
                f"{source}: `auth` of {key} is not base64 of USER:PASSWORD: sign in again with `jettison login`"
            ) from None
        username, _, password = decoded.partition(":")
        password = password.rstrip("\0")  # docker strips what its own padding left
    identity_token, registry_token = texts.get("identitytoken", ""), texts.get("registrytoken", "")
    if username == IDENTITY_USER:
        username, password, identity_token = "", "", identity_token or password
    found = Credentials(username, password, identity_token, registry_token, source)
    return None if found.is_anonymous else found
