"""Where credentials are looked for: in the places of docker and podman, in their order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jettison.client.address import Host
from jettison.client.credential_file import CredentialFile, find, read_document
from jettison.client.credentials import ANONYMOUS, Credentials
from jettison.oci.reference import RepositoryName

VARIABLE: Final = "DOCKER_AUTH_CONFIG"


class Keychain:
    """The credentials that docker and podman keep.

    The first of these that has some for the host counts:

    1. `DOCKER_AUTH_CONFIG`: the text of a file like docker's
    2. `REGISTRY_AUTH_FILE`: the path of a file like podman's
    3. docker's `config.json` (in `DOCKER_CONFIG`, else `~/.docker`): `credHelpers`, `credsStore`, `auths`
    4. podman's `auth.json`: in `$XDG_RUNTIME_DIR/containers`, then `~/.config/containers`

    `environ` is where the variables are read, `home` the home folder; None: this process's.
    """

    def __init__(self, environ: Mapping[str, str] | None = None, home: Path | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._home = home

    def find(self, host: Host, repository: RepositoryName | None = None) -> Credentials:
        """The credentials for a repository, or for the host as a whole; ANONYMOUS where there are none.

        Raises Invalid where a file or a credential helper cannot be read: the wrong account is worse than none.
        """
        text = self._environ.get(VARIABLE)
        if text and (found := find(read_document(text, VARIABLE), host, repository, VARIABLE)) is not None:
            return found
        for file in self.files():
            if (found := file.find(host, repository)) is not None:
                return found
        return ANONYMOUS

    def store(self, host: Host, credentials: Credentials) -> str:
        """Keep them where docker or podman will find them too; says where. Raises Invalid.

        That is in `REGISTRY_AUTH_FILE` where it is set, else in the first file that is there, else docker's.
        """
        files = self.files()
        if self._environ.get("REGISTRY_AUTH_FILE"):
            return files[0].store(host, credentials)
        docker = next(file for file in files if file.of_docker)
        return next((file for file in files if file.exists()), docker).store(host, credentials)

    def erase(self, host: Host) -> list[str]:
        """Forget what is kept for the host, wherever; the places where something was. Raises Invalid.

        What `DOCKER_AUTH_CONFIG` and the keys of single repositories hold is not touched.
        """
        return [place for file in self.files() if file.exists() for place in file.erase(host)]

    def files(self) -> list[CredentialFile]:
        """The files, in the order in which they are asked, whether they are there or not."""
        environ, home = self._environ, Path.home() if self._home is None else self._home
        named = environ.get("REGISTRY_AUTH_FILE")
        first = [CredentialFile(Path(named), of_docker=False)] if named else []
        docker = Path(environ["DOCKER_CONFIG"]) if environ.get("DOCKER_CONFIG") else home / ".docker"
        configured = Path(environ["XDG_CONFIG_HOME"]) if environ.get("XDG_CONFIG_HOME") else home / ".config"
        runtime = environ.get("XDG_RUNTIME_DIR")
        folders = ([Path(runtime)] if runtime else []) + [configured]
        podman = [CredentialFile(folder / "containers" / "auth.json", of_docker=False) for folder in folders]
        return [*first, CredentialFile(docker / "config.json", of_docker=True), *podman]
