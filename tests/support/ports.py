"""Free TCP ports on loopback for the programs that tests start."""

from __future__ import annotations

import random
import socket

# Below the range from which the kernel takes ports for outgoing connections, so that no client sits on one.
_FIRST, _LAST = 15_000, 32_000


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now. Another process may still be faster: a server start may fail."""
    for _ in range(100):
        port = random.randrange(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port found between {_FIRST} and {_LAST}")
