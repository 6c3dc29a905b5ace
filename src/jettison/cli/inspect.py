"""`jettison inspect REF`: what is under a tag or digest."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jettison.cli.command import command
from jettison.cli.connection import Connection, address
from jettison.cli.show.data import AsJson, document, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.tree import Tree

    from jettison.client.manifest import Manifest
    from jettison.client.repository import Repository
    from jettison.oci.descriptor import Descriptor
    from jettison.oci.digest import Digest
    from jettison.oci.errors import Json


@dataclass(frozen=True, slots=True)
class Inspected:
    """A version with all that it lists, the settings of its image, and what refers to it."""

    name: str
    root: Manifest
    held: Mapping[Digest, Manifest]
    made: datetime | None
    config: Mapping[str, Any]
    referrers: tuple[Descriptor, ...]
    size: int


@command
def inspect(
    connection: Connection,
    reference: Annotated[str, typer.Argument(metavar="REF", help="HOST/REPO:TAG or HOST/REPO@DIGEST.")],
    raw: Annotated[bool, typer.Option("--raw", help="The manifest's own bytes, and nothing else.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is under a tag or digest: digest, platforms, layers, when it was made, and what refers to it.

    **Examples**

        jettison inspect localhost:5000/team/app:v1
        jettison inspect ghcr.io/org/app@sha256:... --json
        jettison inspect localhost:5000/team/app:v1 --raw | sha256sum
    """
    from jettison.client.errors import Invalid

    where = address(reference, "HOST/REPO:TAG or HOST/REPO@DIGEST")
    if where.repository is None or where.reference is None:
        list_ = "tags" if where.repository else "ls"
        raise Invalid(f"{reference} names no tag and no digest: `jettison {list_} {where}` lists what there is")
    repository = connection.registry(where.host).repository(where.repository)
    if raw:
        sys.stdout.buffer.write(repository.manifest(where.reference).content)
        return
    found = _inspected(repository, str(where), repository.manifest(where.reference))
    if as_json:
        document(_to_json(found))
    else:
        from jettison.cli.show.terminal import draw

        draw(_tree(found, datetime.now(UTC)))


def _inspected(repository: Repository, name: str, root: Manifest) -> Inspected:
    from jettison.cli.contents import LARGEST_CONFIG, below, dates
    from jettison.cli.space import size_of

    held = below(repository, root)
    config: Any = {}
    if root.config is not None and "image" in root.config.media_type:
        try:
            config = json.loads(repository.read_blob(root.config.digest, LARGEST_CONFIG))
        except ValueError:
            config = {}
    return Inspected(
        name,
        root,
        held,
        dates(repository, held)[root.digest],
        config if isinstance(config, dict) else {},
        tuple(repository.referrers(root.digest)),
        size_of(root, held),
    )


def _to_json(found: Inspected) -> dict[str, Json]:
    root = found.root
    subject = None if root.subject is None else root.subject.to_json()
    return {
        "name": found.name,
        "digest": str(root.digest),
        "mediaType": root.media_type,
        "artifactType": root.artifact_type,
        "size": found.size,
        "created": None if found.made is None else found.made.isoformat(),
        "os": found.config.get("os"),
        "architecture": found.config.get("architecture"),
        "annotations": dict(root.annotations),
        "subject": subject,
        "manifests": [each.to_json() for each in root.children],
        "config": None if root.config is None else root.config.to_json(),
        "layers": [each.to_json() for each in _layers(root)],
        "referrers": [each.to_json() for each in found.referrers],
    }


def _tree(found: Inspected, now: datetime) -> Tree:
    from rich.tree import Tree

    from jettison.cli.show.times import ago
    from jettison.cli.sizes import short_size

    root = found.root
    tree = Tree(found.name)
    tree.add(f"digest      {root.digest}")
    tree.add(printable(f"media type  {root.media_type}"))
    if root.artifact_type is not None and root.artifact_type != (root.config and root.config.media_type):
        tree.add(printable(f"artifact    {root.artifact_type}"))
    tree.add(f"size        {short_size(found.size)}")
    if found.made is not None:
        tree.add(f"made        {found.made.isoformat(timespec='seconds')}, {ago(found.made, now)} ago")
    if found.config.get("os"):
        tree.add(printable(f"platform    {platform(found.config)}"))
    if root.subject is not None:
        tree.add(f"subject     {root.subject.digest}")
    if root.annotations:
        _branch(tree, "annotations", (f"{key}  {value}" for key, value in sorted(root.annotations.items())))
    if root.is_index:
        _branch(tree, "lists", (_listed(each, found.held) for each in root.children))
    layers = [f"{each.digest}  {short_size(each.size)}" for each in _layers(root)]
    _branch(tree, "layers", layers)
    _branch(tree, "referrers", (f"{each.digest}  {each.artifact_type or each.media_type}" for each in found.referrers))
    return tree


def _branch(tree: Tree, name: str, lines: Iterable[str]) -> None:
    listed = list(lines)
    if listed:
        branch = tree.add(name)
        for line in listed:
            branch.add(printable(line))


def _listed(child: Descriptor, held: Mapping[Digest, Manifest]) -> str:
    from jettison.cli.sizes import short_size
    from jettison.cli.space import size_of

    name = child.artifact_type or child.media_type if child.platform is None else platform(child.platform)
    manifest = held.get(child.digest)
    size = "not there" if manifest is None else short_size(size_of(manifest, held))
    return f"{name}  {child.digest}  {size}"


def _layers(manifest: Manifest) -> list[Descriptor]:
    own = () if manifest.config is None else (manifest.config.digest,)
    return [each for each in (*manifest.blobs, *manifest.elsewhere) if each.digest not in own]


def platform(fields: Mapping[str, Any]) -> str:
    """`linux/arm64/v8`, of the fields of OCI image 1.1, "Image Index", platform."""
    parts = [fields.get("os"), fields.get("architecture"), fields.get("variant")]
    return "/".join(str(part) for part in parts if part)
