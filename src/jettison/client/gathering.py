"""Work for several threads, within one bound, its results in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_inside = threading.local()


class Gathering:
    """At most `most` threads, begun when there is work."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="jettison-client")

    def run(self, calls: Iterable[Callable[[], T]]) -> Iterator[T]:
        """The results of the calls, in their order, the first of which are begun at once. See `Transport.gather`."""
        if getattr(_inside, "pool", None) is self._pool:
            # A thread that waited for others of its own pool could wait for ever.
            return (call() for call in calls)
        source = iter(calls)
        waiting = deque(self._begin(call) for call in islice(source, 2 * self._most))
        return self._results(waiting, source)

    def close(self) -> None:
        """Begin nothing more; what runs ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _results(self, waiting: deque[Future[T]], source: Iterator[Callable[[], T]]) -> Iterator[T]:
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(self._begin(call) for call in islice(source, 1))
                yield result
        finally:
            for future in waiting:
                future.cancel()

    def _begin(self, call: Callable[[], T]) -> Future[T]:
        return self._pool.submit(self._call, call)

    def _call(self, call: Callable[[], T]) -> T:
        _inside.pool = self._pool
        return call()
