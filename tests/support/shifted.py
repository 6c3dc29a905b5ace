"""Programs whose clock is wrong."""

from __future__ import annotations

from pathlib import Path

from .command import run
from .parts import program

SOURCE = Path(__file__).with_suffix(".c")


def shifted(seconds: int, folder: Path) -> dict[str, str]:
    """What goes into the environment of a program whose clock is to be so much ahead; ``folder`` has the library."""
    library = folder / "shifted.so"
    if not library.exists():
        run([program("cc"), "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(SOURCE)])
    return {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(seconds)}
