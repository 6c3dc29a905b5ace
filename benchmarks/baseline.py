"""The least that a durable upload costs: read, hash, write and fsync a file.

`python -m benchmarks.baseline SOURCE TARGET` prints the seconds that it took and the processor seconds in them.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

_PIECE = 1 << 20


def copy(source: Path, target: Path) -> str:
    """Copy `source` to `target`, durably. Returns the sha256 of its bytes, in hex."""
    digest = hashlib.sha256()
    piece = memoryview(bytearray(_PIECE))
    with source.open("rb", buffering=0) as reading, target.open("xb", buffering=0) as writing:
        while size := reading.readinto(piece):
            digest.update(piece[:size])
            writing.write(piece[:size])
        os.fsync(writing.fileno())
    folder = os.open(target.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)
    return digest.hexdigest()


def main(source: str, target: str) -> None:
    """Copy once and print the two durations."""
    began, spent = time.perf_counter(), time.process_time()
    copy(Path(source), Path(target))
    print(time.perf_counter() - began, time.process_time() - spent)


if __name__ == "__main__":
    main(*sys.argv[1:])
