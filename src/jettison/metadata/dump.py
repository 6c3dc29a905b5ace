"""A PostgreSQL database as one file, by PostgreSQL's own program."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jettison.metadata.database import FORGOTTEN
from jettison.oci.errors import Unavailable

PROGRAM = "pg_dump"


def dump(conninfo: str, snapshot: str, file: Path) -> None:
    """Write what the exported ``snapshot`` sees to ``file``, durably, for pg_restore; without the rows of FORGOTTEN.

    Raises Unavailable where pg_dump is not there or fails.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise Unavailable(
            f"{PROGRAM} is not on the PATH: install PostgreSQL's client programs, of the server's version or newer"
        )
    parts = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    # A command line is for everybody on the machine to read.
    password = parts.pop("password", None)
    environ = os.environ if password is None else {**os.environ, "PGPASSWORD": password}
    command = [program, "--format=custom", "--no-owner", "--no-privileges", "--no-password", f"--snapshot={snapshot}"]
    command += [f"--exclude-table-data={table}" for table in FORGOTTEN]
    command += [f"--file={file}", f"--dbname={make_conninfo('', **parts)}"]
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise Unavailable(f"{PROGRAM} failed: {said[0] if said else f'status {done.returncode}'}")
    with file.open("rb") as written:
        os.fsync(written.fileno())
