"""The client for any registry: listing, reading, copying and deleting, with the credentials of docker and podman.

    >>> from jettison.client import Registry
    >>> registry = Registry("localhost:5000")
    >>> [str(name) for name in registry.repositories()]
    ['repo1', 'team/app']
    >>> repo1 = registry.repository("repo1")
    >>> [str(tag) for tag in repo1.tags()]
    ['latest', 'v1']
    >>> manifest = repo1.manifest("latest")
    >>> manifest.media_type
    'application/vnd.oci.image.manifest.v1+json'
    >>> manifest.digest == repo1.head("v1").digest
    True
    >>> [layer.size for layer in manifest.blobs]
    [83, 7]
    >>> repo1.blob(manifest.blobs[1].digest).read()
    b'layer 1'
    >>> [referrer.artifact_type for referrer in repo1.referrers(manifest.digest)]
    ['application/vnd.example.sbom']
    >>> copied = repo1.copy("latest", registry.repository("backup/repo1"))
    >>> copied.digest == manifest.digest, copied.manifests, copied.referrers, copied.blobs_mounted
    (True, 2, 1, 4)

    Deleting is planned, shown, carried out, and can be taken back:

    >>> plan = repo1.plan_deletion(["v1"])
    >>> [(item.name, item.reason) for item in plan.items]
    [('repo1:v1', 'asked for')]
    >>> result = plan.execute()
    >>> result.complete, [str(tag) for tag in repo1.tags()]
    (True, ['latest'])
    >>> from jettison.client.journal import Journal
    >>> from jettison.client.undo import undo
    >>> undo(Journal().entry(result.journal), registry).back
    ['repo1:v1']
    >>> registry.close()

What goes wrong raises a `ClientError`, whose message says what to do:

    >>> with Registry("localhost:5000") as registry:
    ...     registry.repository("repo1").manifest("v9")
    Traceback (most recent call last):
    jettison.client.errors.NotFound: cannot read localhost:5000/repo1:v9: it is not there: 404 Not Found (...)
"""

from __future__ import annotations

from jettison.client.address import Address, Host
from jettison.client.credentials import ANONYMOUS, Credentials
from jettison.client.errors import ClientError
from jettison.client.keychain import Keychain
from jettison.client.manifest import Manifest
from jettison.client.registry import Registry
from jettison.client.repository import Repository

__all__ = [
    "ANONYMOUS",
    "Address",
    "ClientError",
    "Credentials",
    "Host",
    "Keychain",
    "Manifest",
    "Registry",
    "Repository",
]
