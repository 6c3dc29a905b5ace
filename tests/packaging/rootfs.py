"""A small root filesystem with this machine's Python, in place of the image that people build on."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

PROGRAMS = ("sh", "ln", "install", "mkdir", "ls", "id", "cat")
LEFT_OUT = shutil.ignore_patterns(
    "test", "tests", "__pycache__", "config-*", "site-packages", "idlelib", "*.a", "turtledemo"
)


def make(root: Path, extensions: Path) -> None:
    """Fill ``root``: Python in /usr/local, a few programs, and every library that they need.

    ``extensions`` is a folder whose modules will be installed there: what they need is brought too.
    """
    for folder in ("bin", "usr/bin", "usr/local/bin", "usr/local/lib", "usr/lib", "etc", "tmp", "proc", "dev", "root"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    programs = [Path(found) for name in PROGRAMS if (found := shutil.which(name))]
    assert len(programs) == len(PROGRAMS), programs
    for program in programs:
        shutil.copy2(program.resolve(), root / "bin" / program.name)
    python = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    shutil.copy2(python.resolve(), root / "usr/local/bin/python3")
    library = Path(sysconfig.get_path("stdlib", vars={"base": sys.base_prefix, "installed_base": sys.base_prefix}))
    shutil.copytree(library, root / "usr/local/lib" / library.name, ignore=LEFT_OUT)
    modules = [*library.glob("lib-dynload/*.so"), *extensions.rglob("*.so*")]
    for needed in _libraries([python, *programs, *modules]):
        # The loader is looked for where it is here; the others where the loader looks by itself.
        place = root / str(needed).lstrip("/") if needed.name.startswith("ld-") else root / "usr/lib" / needed.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(needed.resolve(), place)


def _libraries(programs: Iterable[Path]) -> set[Path]:
    """The shared libraries that these need, as the loader finds them here."""
    said = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True, check=False).stdout
    found = re.findall(r"(?:=> |^\s+)(/\S+) \(0x", said, re.MULTILINE)
    return {Path(one) for one in found}
