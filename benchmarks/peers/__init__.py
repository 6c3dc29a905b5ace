"""The programs that are measured."""

from __future__ import annotations

from benchmarks.peers.distribution import Distribution2, Distribution3
from benchmarks.peers.jettison import Jettison
from benchmarks.peers.nginx import Nginx
from benchmarks.peers.peer import Peer

PEERS: tuple[Peer, ...] = (Jettison(), Distribution3(), Distribution2(), Nginx())
