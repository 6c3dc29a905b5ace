"""nginx serving the same bytes as files: about as fast as this machine can answer."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from benchmarks.content import MANIFEST_TYPE, LargeFile, Repository
from benchmarks.peers.peer import Peer, Server, program

_CONFIG = """\
{user}
daemon off;
worker_processes auto;
pid {folder}/pid;
error_log {folder}/error.log error;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  types {{ }}
  server {{
    listen 127.0.0.1:{port};
    root {folder}/data;
    default_type application/octet-stream;
    location ~ /manifests/ {{ default_type {manifest_type}; }}
  }}
}}
"""


class Nginx(Peer):
    """A file for each manifest, named by its tag, and for each blob."""

    name = "nginx"
    short = "nginx"
    advice = "`make parts` as root, or: apt-get install nginx-light"
    is_registry = False

    def version(self) -> str | None:
        """What `nginx -v` says."""
        path = program("nginx")
        if path is None:
            return None
        said = subprocess.run([path, "-v"], capture_output=True, text=True, timeout=30, check=True).stderr
        return said.strip().rpartition("/")[2]

    def command(self, folder: Path, port: int) -> Sequence[str]:
        """The foreground process, with all that it writes in `folder`."""
        (folder / "data").mkdir(exist_ok=True)
        config = folder / "nginx.conf"
        # Workers of a server started by root would not be allowed into the temporary folder.
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(_CONFIG.format(user=user, folder=folder, port=port, manifest_type=MANIFEST_TYPE))
        return [program("nginx") or "nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]

    def fill(self, server: Server, repositories: Sequence[Repository]) -> None:
        """Write a file for each manifest."""
        for repository in repositories:
            manifests = server.folder / "data" / "v2" / repository.name / "manifests"
            manifests.mkdir(parents=True)
            for version in repository.versions:
                (manifests / version.tag).write_bytes(version.content)

    def fill_file(self, server: Server, name: str, file: LargeFile) -> None:
        """Copy the file."""
        blobs = server.folder / "data" / "v2" / name / "blobs"
        blobs.mkdir(parents=True)
        shutil.copyfile(file.path, blobs / file.digest)
