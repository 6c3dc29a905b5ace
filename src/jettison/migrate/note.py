"""The note in a tree that was adopted: whoever wants to start distribution on it again finds out why not."""

from __future__ import annotations

NAME = "SERVED-BY-JETTISON.txt"

TEXT = """\
This tree was adopted by Jettison, which serves its blobs from here and deletes those that nothing needs any more.

CNCF distribution must not write here any more, nor collect garbage: what it pushes is not served, and what it deletes
is missing. To go back to distribution, have Jettison make a tree for it, which takes no space on the same filesystem:

    jettison export NEW-FOLDER

The database (jettison.db in the data folder, or PostgreSQL) says what exists. Without it, nothing here is known.
"""
