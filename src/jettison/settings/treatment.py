"""How known keys are treated that `schema` does not serve.

A key is served where `schema.Settings` has it. Of the others, `OLDER` are read as another, `NO_EFFECT` are accepted
with a reason, `SAME` are accepted with the one value that says what is done anyway, and the rest are refused by name,
with `ADVICE` where there is something better to do than to remove the key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jettison.settings.document import Node
from jettison.settings.known import DRIVERS
from jettison.settings.values import read_flag, read_text

_NO_CACHE = "there is no cache that could go stale"
NO_EFFECT: Mapping[str, str] = {
    "http.secret": "uploads are kept in the database, so there is nothing to sign with it",
    "http.relativeurls": "Location and Link are relative unless `http.host` is set, which wins as with distribution,"
    " and URLs in events are absolute either way",
    "storage.cache": _NO_CACHE,
    "redis": _NO_CACHE,
    "storage.filesystem.maxthreads": "threads are not limited by storage",
    "storage.maintenance.uploadpurging.interval": "`jettison.sweep.interval` says how often uploads are looked at",
    "storage.tag": "tags are found in the database, not by reading files",
    **dict.fromkeys(
        (
            "storage.s3.multipartcopychunksize",
            "storage.s3.multipartcopymaxconcurrency",
            "storage.s3.multipartcopythresholdsize",
        ),
        "blobs are uploaded to where they stay, so nothing is copied",
    ),
    "storage.s3.useragent": "the bucket is asked in the name of boto3",
    "storage.s3.loglevel": "what goes wrong with the bucket is in the log anyway",
    "health.file[].threshold": "a file is there or not, as with distribution",
    "log.reportcaller": "each line names the part that wrote it",
    "reporting": "errors are in the log, and no service is told of them, as with distribution 3",
    "compatibility": "manifests of schema 1 are not taken, as with distribution 3",
}


@dataclass(frozen=True, slots=True)
class Same:
    """The value of a key that says what is done anyway, and how to read it."""

    value: object
    read: Callable[[object], object]


SAME: Mapping[str, Same] = {
    "http.h2c.enabled": Same(False, read_flag),
    "storage.s3.accelerate": Same(False, read_flag),
    "storage.s3.objectacl": Same("private", read_text),
    "storage.s3.usedualstack": Same(False, read_flag),
    "storage.s3.usefipsendpoint": Same(False, read_flag),
    "storage.s3.v4auth": Same(True, read_flag),
    "storage.maintenance.uploadpurging.dryrun": Same(False, read_flag),
}

OLDER: Mapping[str, str] = {"loglevel": "log.level"}
"""Keys that are read as another one, where that is not given."""

REMOVE = "remove it"
_FILESYSTEM = "write `storage.filesystem`, or `storage.s3`, instead"
_SERVED = {"storage.filesystem", "storage.s3"}
ADVICE: Mapping[str, str] = {
    "auth.silly": "it lets in whoever sends an Authorization header at all: write `auth.htpasswd`, `auth.token` or"
    " `auth.jettison`",
    "http.h2c.enabled": "remove it, and let what is in front speak HTTP/1.1, or TLS",
    "http.tls.ciphersuites": "remove it; `http.tls.minimumtls: tls1.3` leaves no weak ones",
    "http.tls.letsencrypt": "let a program such as certbot or lego get the certificate, and name its files in"
    " `http.tls.certificate` and `http.tls.key`: a renewed one is taken up without a restart",
    "log.hooks": "remove it, and let what collects the log send the mail",
    "middleware": "remove it, and let a reverse proxy or a content network in front do its work",
    "proxy": "remove it, or keep a mirror on distribution",
    "storage.s3.accelerate": "remove it, and set `use_accelerate_endpoint` in the file of AWS' settings, which boto3"
    " reads",
    "storage.s3.objectacl": "remove it, and have the owner of the bucket own all that is in it (Object Ownership,"
    " BucketOwnerEnforced)",
    "storage.s3.usedualstack": "set AWS_USE_DUALSTACK_ENDPOINT=true instead, which boto3 reads",
    "storage.s3.usefipsendpoint": "set AWS_USE_FIPS_ENDPOINT=true instead, which boto3 reads",
    "storage.s3.v4auth": "remove it: the older signatures are not made any more",
    "storage.maintenance.uploadpurging.dryrun": "remove it, and look with `jettison garbage-collect --dry-run`",
    "storage.s3aws": "write `storage.s3`, which takes the same keys",
} | dict.fromkeys(DRIVERS - _SERVED - {"storage.s3aws"}, _FILESYSTEM)
# Here a name alone says something: which driver stores, which way a sign-in goes.
_CHOICES = DRIVERS | {"auth.silly"}
_DECISIVE = {"proxy": "remoteurl", "http.tls.letsencrypt": "cachefile"}


def refusal(path: str) -> str:
    """What is said of a key of distribution's that is not served."""
    return f"is known to distribution and not served yet: {ADVICE.get(path, REMOVE)}"


def has_exceptions(path: str) -> bool:
    """Whether something inside a section that is not served may be given nevertheless."""
    return any(treated.startswith(f"{path}.") for treated in (*NO_EFFECT, *SAME))


def says_nothing(node: Node, path: str) -> bool:
    """Whether a key that is not served is given without anything to serve: a null, an empty text, what is disabled."""
    if path in _CHOICES:
        return False
    return _is_empty(node)


def lacks(node: Node, path: str) -> str | None:
    """The key without which distribution does nothing of this section, if it is not given."""
    key = _DECISIVE.get(path)
    if key is None or not isinstance(node.value, dict):
        return None
    decisive = node.value.get(key)
    return key if decisive is None or _is_empty(decisive) else None


def _is_empty(node: Node) -> bool:
    if isinstance(node.value, dict):
        return _is_disabled(node.value) or all(map(_is_empty, node.value.values()))
    if isinstance(node.value, list):
        return all(map(_is_empty, node.value))
    return not node.value


def _is_disabled(entries: Mapping[str, Node]) -> bool:
    disabled = entries.get("disabled")
    try:
        return disabled is not None and read_flag(disabled.value)
    except ValueError:
        return False
