"""The machine that a run was made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def describe(folder: Path) -> str:
    """Processor, cores, memory, kernel, and the filesystem of `folder`."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory / (1 << 30):.0f} GiB memory, "
        f"Linux {platform.release().partition('-')[0]}, {filesystem(folder)}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def filesystem(folder: Path) -> str:
    """The type of the filesystem that holds `folder`."""
    best, kind = "", "unknown"
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, this, *_ = line.split()
        if folder.resolve().is_relative_to(mount) and len(mount) >= len(best):
            best, kind = mount, this
    return kind


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.machine()
