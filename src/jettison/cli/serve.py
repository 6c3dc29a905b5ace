"""`jettison serve`: the registry, until a signal ends it."""

from __future__ import annotations

import typer

from jettison.cli.configured import EXIT_FAILED, ConfigArgument, configured, say


def serve(config: ConfigArgument = None) -> None:
    """Serve a registry.

    Without a configuration it listens on 127.0.0.1:5000, keeps its data in ./data, and allows deletion.
    Every setting can also be given as a variable: `http.addr` is `REGISTRY_HTTP_ADDR`.

    **Examples**

        jettison serve
        jettison serve /etc/docker/registry/config.yml
        REGISTRY_HTTP_ADDR=:5000 jettison serve
        REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/srv/registry jettison serve
        REGISTRY_STORAGE_DELETE_ENABLED=true jettison serve config.yml
    """
    loaded = configured(config)
    # Both are imported here: `jettison --help` must not load a server.
    from jettison.server import ServeError
    from jettison.server import serve as run

    try:
        run(loaded)
    except ServeError as error:
        say("error", [str(error)])
        raise typer.Exit(EXIT_FAILED) from None
