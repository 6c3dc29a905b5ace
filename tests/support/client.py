"""Client programs as a person runs them, in a home of their own: nothing they read, keep or lock is the machine's."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .command import run
from .parts import BUILT, SYSTEM, program

# Run as root, what builds on containers/image keeps locks, networks and caches in places that no option changes. So it
# gets a mount namespace, which ends with it, where each of these places is a folder of the home.
_FIXED = ("/dev/shm", "/etc/cni", "/etc/containers", "/run", "/var/cache", "/var/lib")  # noqa: S108
_HIDE = f"""
for place in {" ".join(_FIXED)}; do
    [ -d "$place" ] || continue
    mkdir -p "$HOME/machine$place"
    mount --bind "$HOME/machine$place" "$place"
done
exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Client:
    """A program, the arguments that it always gets, and its environment."""

    command: tuple[str, ...]
    environ: Mapping[str, str]

    def __call__(self, *arguments: str, cwd: Path | None = None, seconds: float = 60) -> str:
        """What it prints, without the white space at both ends. Raises AssertionError if it fails."""
        return run([*self.command, *arguments], environ=self.environ, cwd=cwd, seconds=seconds).stdout.strip()

    def refused(self, *arguments: str, seconds: float = 60) -> str:
        """What it says when it fails. Raises AssertionError if it does not."""
        done = run([*self.command, *arguments], environ=self.environ, check=False, seconds=seconds)
        assert done.returncode != 0, f"`{' '.join(arguments)}` did not fail:\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr


class Home:
    """A temporary home folder for client programs. A context manager: leaving it removes the folder."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory(prefix="jettison-home-", ignore_cleanup_errors=True)
        self.folder = Path(self._scratch.name)
        containers = self.folder / ".config" / "containers"
        for folder in (containers, self.folder / "run", self.folder / "tmp", self.folder / ".docker"):
            folder.mkdir(parents=True, mode=0o700)
        (containers / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        (containers / "auth.json").write_text("{}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._scratch.cleanup()

    @property
    def environ(self) -> dict[str, str]:
        """All that its programs see of the environment."""
        home, temporary = str(self.folder), str(self.folder / "tmp")
        return {
            "PATH": os.pathsep.join([str(BUILT), os.environ.get("PATH", os.defpath), *SYSTEM]),
            "LANG": "C.UTF-8",
            "HOME": home,
            "TMPDIR": temporary,
            "XDG_RUNTIME_DIR": f"{home}/run",
            "XDG_CONFIG_HOME": f"{home}/.config",
            "XDG_DATA_HOME": f"{home}/.local/share",
            "DOCKER_CONFIG": f"{home}/.docker",
            "REGISTRY_AUTH_FILE": f"{home}/.config/containers/auth.json",
        }

    def client(self, name: str, *always: str) -> Client:
        """The program ``name``, which always gets the arguments ``always``."""
        return Client((program(name), *always), self.environ)

    def hidden_client(self, name: str, *always: str) -> Client:
        """The same for a program that, as root, keeps things in fixed places: what it keeps there is in this home."""
        client = self.client(name, *always)
        if os.geteuid() != 0:
            return client
        return Client((program("unshare"), "--mount", "sh", "-c", _HIDE, "sh", *client.command), client.environ)

    def work(self, name: str) -> Path:
        """A new folder for the files of a test."""
        return Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder / "tmp"))
