"""A password for a command: typed twice at a terminal, or sent on stdin; never an argument, which everybody sees."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from jettison.cli.configured import say

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin: its first line is it.")
]

_MOST = 10_000


def given_password(name: str, from_stdin: bool) -> str:
    """The password for ``name``. Where nobody can be asked, or it is no text, the command ends as wrongly used."""
    if not from_stdin:
        if not sys.stdin.isatty():
            say("error", ["nobody is here to ask for the password: add --password-stdin, and send it on stdin"])
            raise typer.Exit(2)
        typed: str = typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
        return typed
    try:
        line = sys.stdin.buffer.readline(_MOST).decode()
    except UnicodeDecodeError:
        say("error", ["the password on stdin is no text in UTF-8"])
        raise typer.Exit(2) from None
    return line.removesuffix("\n").removesuffix("\r")
