"""How the client's verbs reach registries: the options that all of them have."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from jettison.client.address import Address, Host
    from jettison.client.credentials import Credentials
    from jettison.client.registry import Registry
    from jettison.client.vendors import Vendor

CONNECTION: Final = "Connection"
"""The panel of the help that has these options."""


@dataclass(slots=True)
class Connection:
    """The registries that one command talks to, opened with the same options, each once. A context manager.

    Its first fields are the options of the command line, in the order of the help.
    """

    plain_http: Annotated[
        bool,
        typer.Option(
            "--plain-http",
            rich_help_panel=CONNECTION,
            help="Plain http, never https. Loopback addresses need no option: https is tried first, then http.",
        ),
    ] = False
    ca_cert: Annotated[
        Path | None,
        typer.Option(
            "--ca-cert",
            metavar="FILE",
            rich_help_panel=CONNECTION,
            show_default=False,
            help="PEM file of authorities to trust besides the system's.",
        ),
    ] = None
    insecure_skip_verify: Annotated[
        bool,
        typer.Option(
            "--insecure-skip-verify",
            rich_help_panel=CONNECTION,
            help="Trust any certificate: whoever is in between can read the password and change what is shown.",
        ),
    ] = False
    username: Annotated[
        str | None,
        typer.Option(
            "--username",
            "-u",
            metavar="NAME",
            rich_help_panel=CONNECTION,
            show_default=False,
            help="Sign in as NAME, with --password-stdin. Without it: what docker or podman have stored.",
        ),
    ] = None
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", rich_help_panel=CONNECTION, help="Read the password from standard input."),
    ] = False
    vendor: Annotated[
        str | None,
        typer.Option(
            "--vendor",
            metavar="NAME",
            rich_help_panel=CONNECTION,
            show_default=False,
            help="What the registry is, where that is not recognised: distribution, harbor, quay, gitlab, ...",
        ),
    ] = None
    vendor_api: Annotated[
        str | None,
        typer.Option(
            "--vendor-api",
            metavar="HOST[:PORT]",
            rich_help_panel=CONNECTION,
            show_default=False,
            help="Where the vendor's own API is, with --vendor, if that is elsewhere.",
        ),
    ] = None
    _opened: dict[Host, Registry] = field(default_factory=dict, init=False)
    _vendors: dict[Host, Vendor] = field(default_factory=dict, init=False)
    _credentials: Credentials | None = field(default=None, init=False)
    _closing: ExitStack = field(default_factory=ExitStack, init=False)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *raised: object) -> None:
        self._closing.close()

    def registry(self, host: Host) -> Registry:
        """The registry at `host`. Raises Invalid; asks nothing yet."""
        from jettison.client.errors import Invalid
        from jettison.client.registry import Registry

        if host not in self._opened:
            credentials = self.given()
            if credentials is not None and self._opened:
                raise Invalid(
                    "--username is for one registry at a time: use `jettison login` for each, so that none gets the "
                    "password of another"
                )
            registry = Registry(
                host,
                credentials=credentials,
                plain_http=self.plain_http,
                ca_cert=self.ca_cert,
                insecure_skip_verify=self.insecure_skip_verify,
            )
            self._opened[host] = self._closing.enter_context(registry)
        return self._opened[host]

    def vendor_of(self, registry: Registry) -> Vendor:
        """What the registry is: the vendor that was named, else the one that it is recognised as."""
        from jettison.client.errors import Invalid
        from jettison.client.vendors import named, recognised

        if registry.host not in self._vendors:
            if self.vendor is not None:
                self._vendors[registry.host] = named(self.vendor, registry, self.vendor_api)
            elif self.vendor_api is not None:
                raise Invalid("--vendor-api says where the API of a vendor is: name it with --vendor")
            else:
                self._vendors[registry.host] = recognised(registry)
        return self._vendors[registry.host]

    def given(self) -> Credentials | None:
        """The credentials of the command line; None where it has none. Raises Invalid for half of them."""
        from jettison.client.credentials import Credentials
        from jettison.client.errors import Invalid

        if self._credentials is None and (self.username is not None or self.password_stdin):
            if not (self.username and self.password_stdin):
                raise Invalid("--username and --password-stdin go together; or sign in once with `jettison login HOST`")
            self._credentials = Credentials(self.username, read_password(), source="--username")
        return self._credentials


def read_password() -> str:
    """The password on standard input, without the end of its line. Raises Invalid where there is none."""
    from jettison.client.errors import Invalid

    text = sys.stdin.read(65536)
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or "\n" in password:
        raise Invalid(
            f"--password-stdin reads one line from standard input, and got {'several' if password else 'none'}"
        )
    return password


def address(text: str, shape: str) -> Address:
    """The address that an argument writes; `shape` is what it should look like, for the message. Raises Invalid."""
    from jettison.client.address import Address
    from jettison.client.errors import Invalid

    try:
        return Address.parse(text)
    except Invalid as error:
        raise Invalid(f"{error.message} (write {shape})") from None
