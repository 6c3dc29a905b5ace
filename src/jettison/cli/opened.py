"""A registry for the verbs that look after one, beside its server or without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from jettison.cli.configured import EXIT_FAILED, configured, say

if TYPE_CHECKING:
    from jettison.registry.registry import Registry


@contextmanager
def opened(config: Path | None, failed: int = EXIT_FAILED) -> Iterator[Registry]:
    """The registry that ``config`` describes, which is never made, and may be being served.

    What cannot be done is said in one line, and the command ends with the status ``failed``.
    """
    loaded = configured(config)
    from jettison.oci.errors import RegistryError
    from jettison.server.errors import ServeError
    from jettison.server.existing import open_existing

    try:
        registry = open_existing(loaded.settings)
        try:
            yield registry
        finally:
            registry.close()
    except ServeError as error:
        say("error", [f"{error} ({_asked(config)})"])
    except RegistryError as error:
        say("error", [error.message])
    else:
        return
    raise typer.Exit(failed)


def _asked(config: Path | None) -> str:
    return "no configuration file was named" if config is None else f"the configuration file is {config}"
