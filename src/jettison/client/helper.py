"""Credential helpers: programs named `docker-credential-NAME`, which keep secrets for docker and podman.

The protocol is that of docker-credential-helpers: one verb as argument, a server or JSON on standard input.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from typing import Final

from jettison.client.credentials import IDENTITY_USER, Credentials
from jettison.client.errors import Invalid
from jettison.oci.errors import quoted

SECONDS: Final = 60.0
"""How long a helper may take; some ask a person."""

_matches_name = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*").fullmatch
_MISSING: Final = "credentials not found"


@dataclass(frozen=True, slots=True)
class Helper:
    """The helper that a configuration names, as in `pass` or `ecr-login`."""

    name: str

    @property
    def program(self) -> str:
        """What is run, found on PATH."""
        return f"docker-credential-{self.name}"

    def get(self, server: str) -> Credentials | None:
        """What it keeps for `server`; None for nothing. Raises Invalid where it fails."""
        done = self._run("get", server)
        if done.returncode != 0:
            if _MISSING in (done.stdout + done.stderr).lower():
                return None
            raise self._failed("get", done)
        try:
            told = json.loads(done.stdout)
            username, secret = told["Username"], told["Secret"]
        except (ValueError, KeyError, TypeError):
            raise Invalid(f"{self.program} get: it answers no credentials for {server}; run it by hand") from None
        if not (isinstance(username, str) and isinstance(secret, str)):
            raise Invalid(f"{self.program} get: it answers no credentials for {server}; run it by hand")
        if username == IDENTITY_USER:
            return Credentials(identity_token=secret, source=self.program)
        return Credentials(username, secret, source=self.program) if secret else None

    def store(self, server: str, credentials: Credentials) -> None:
        """Have it keep the credentials. Raises Invalid where it fails."""
        user = IDENTITY_USER if credentials.identity_token else credentials.username
        secret = credentials.identity_token or credentials.password
        done = self._run("store", json.dumps({"ServerURL": server, "Username": user, "Secret": secret}))
        if done.returncode != 0:
            raise self._failed("store", done)

    def erase(self, server: str) -> bool:
        """Have it forget what it keeps; whether there was something. Raises Invalid where it fails."""
        if self.get(server) is None:
            return False
        done = self._run("erase", server)
        if done.returncode != 0:
            raise self._failed("erase", done)
        return True

    def _run(self, verb: str, told: str) -> subprocess.CompletedProcess[str]:
        if _matches_name(self.name) is None:
            raise Invalid(f"credential helper {quoted(self.name)} is not the end of a program's name")
        try:
            return subprocess.run(
                [self.program, verb], input=told, capture_output=True, text=True, timeout=SECONDS, check=False
            )
        except FileNotFoundError:
            raise Invalid(
                f"{self.program} is not on PATH, and the configuration names it: install it, or give --username"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"{self.program} {verb}: {error}") from None
        except subprocess.TimeoutExpired:
            raise Invalid(f"{self.program} {verb} took longer than {SECONDS:.0f} s: run it by hand") from None

    def _failed(self, verb: str, done: subprocess.CompletedProcess[str]) -> Invalid:
        # Standard output may hold a secret; the reason of a failure is on either.
        said = " ".join((done.stderr if verb == "get" else done.stderr or done.stdout).split())[:200]
        return Invalid(f"{self.program} {verb} failed with {done.returncode}: {said or 'it says nothing'}")
