"""A registry as its settings describe it, in this process: its rules to fill it by, its application to be asked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from argon2 import PasswordHasher

from jettison.http.application import Application
from jettison.metadata.database import Row, Transaction
from jettison.registry.registry import Registry
from jettison.server.opening import open_registry_site
from jettison.settings import load
from tests.access.asking import LOOPBACK, Asking
from tests.http.raw import Answer
from tests.support.server import merged

URL = "http://registry.test"
"""What `http.host` is set to, where it is."""

_LEFT_OUT = {"audit", "attempt", "manifest_pulled", "tag_pulled", "sqlite_sequence"}
_LEFT_OUT |= {"overview", "overview_read", "manifest_platforms", "lease"}
_LEFT_OUT |= {"disk_day", "disk_returning", "disk_shared", "rate"}
"""Tables that change beside a refusal: what is told of it, when somebody was last there, and what is counted later."""

_MEMORY = "/dev/shm"  # noqa: S108  (nothing that is asked here has to survive, and hundreds of commits are waited for)

State = Mapping[str, list[Row]]


class Site:
    """The registry of a configuration, its data in a temporary folder. A context manager.

    ``config`` is merged over one that stores there and allows deletion; nothing listens anywhere.
    """

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._scratch = tempfile.TemporaryDirectory(
            prefix="jettison-site-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None
        )
        self.folder = Path(self._scratch.name)
        self.data = self.folder / "data"
        base: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "error", "accesslog": {"disabled": True}},
            "http": {"addr": "127.0.0.1:0"},
            "storage": {"filesystem": {"rootdirectory": str(self.data)}, "delete": {"enabled": True}},
            # Whoever is asked everything fails often.
            "jettison": {"limits": {"signins": {"failures": 0}}, "sweep": {"interval": "24h"}},
        }
        file = self.folder / "config.yml"
        file.write_text(yaml.safe_dump(merged(base, config or {})))
        self._site = open_registry_site(load(file, {}).settings)
        application = self._site.application
        assert isinstance(application, Application)
        self.application = application
        # The hashes of hundreds of accounts that live for a second need not cost a tenth of one each.
        self.registry.passwords.__dict__["_hasher"] = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self._asking = Asking(application)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._asking.close()
        self._site.close()
        self._scratch.cleanup()

    @property
    def registry(self) -> Registry:
        """What is behind it."""
        return self.application.edge.registry

    @property
    def makes_tokens(self) -> bool:
        """Whether it is its own token service."""
        door = self.application.edge.door
        return door is not None and door.issuer is not None

    def ask(self, method: str, target: str | bytes, *headers: tuple[str, str | bytes], **how: Any) -> Answer:
        """The answer to a request; see :meth:`.asking.Asking.ask`."""
        return self._asking.ask(method, target, *headers, **{"client": LOOPBACK, **how})

    def state(self) -> State:
        """All rows by table, except what tells of requests that were refused, and times of last use; and all files."""
        files = [
            (os.path.relpath(os.path.join(place, name), self.data),)  # noqa: PTH118  (asked often, and Path is slow)
            for place, _, names in os.walk(self.data)
            for name in names
            if not name.startswith("jettison.db")
        ]
        return {**self.registry.database.read(_rows), "(files)": sorted(files)}


def differences(before: State, after: State) -> list[str]:
    """What is in one of them only."""
    return [
        f"{sign}{table}: {row}"
        for table in before.keys() | after.keys()
        for sign, one, other in (("-", before, after), ("+", after, before))
        for row in one.get(table, [])
        if row not in other.get(table, [])
    ]


@contextlib.contextmanager
def unchanged(site: Site) -> Iterator[None]:
    """Whatever is asked in the block changes no row and no file."""
    before = site.state()
    yield
    changed = differences(before, site.state())
    assert not changed, changed


def _rows(tx: Transaction) -> dict[str, list[Row]]:
    names = [name for (name,) in tx.all("select name from sqlite_master where type = 'table'")]
    return {name: _table(tx, name) for name in sorted(names) if name not in _LEFT_OUT}


def _table(tx: Transaction, name: str) -> list[Row]:
    columns = [column for _, column, *_ in tx.all(f"pragma table_info({name})")]
    kept = ", ".join(f'"{column}"' for column in columns if column not in ("used_at", "until"))
    return sorted(tx.all(f"select {kept} from {name}"), key=repr)


def basic(name: str, password: str) -> str:
    """An Authorization header (RFC 7617)."""
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


def bearer(token: str) -> str:
    """An Authorization header (RFC 6750)."""
    return f"Bearer {token}"
