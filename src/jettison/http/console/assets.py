"""Style and script. The name of each has its hash in it, so that a browser keeps it for as long as it likes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from jettison.http.response import Response

PATH: Final = "/console/static/"
TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FOREVER: Final = b"public, max-age=31536000, immutable"


class Assets:
    """The files of the folder ``static``, read once."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._files: dict[str, Response] = {}
        for file in sorted((Path(__file__).parent / "static").iterdir()):
            content = file.read_bytes()
            hashed = f"{file.stem}-{hashlib.sha256(content).hexdigest()[:12]}{file.suffix}"
            headers = [(b"content-type", TYPES[file.suffix].encode()), (b"cache-control", FOREVER)]
            self._names[file.name] = f"{PATH}{hashed}"
            self._files[hashed] = Response(200, headers, content)

    def path(self, name: str) -> str:
        """Where the file is that is called ``name`` in the folder. Raises KeyError."""
        return self._names[name]

    def find(self, hashed: str) -> Response | None:
        """The file of that name with its hash, or None."""
        found = self._files.get(hashed)
        return None if found is None else Response(found.status, list(found.headers), found.body)


ASSETS: Final = Assets()
