"""The whole vocabulary of distribution's `config.yml`, of its 2.x and 3.x, and our own section `jettison`."""

from __future__ import annotations

from typing import get_args, get_origin

from pydantic import BaseModel

from jettison.settings.models.auth import Accounts
from jettison.settings.models.jettison import Jettison
from jettison.settings.shapes import Free, Many, Named, Section, Shape, Single


def _singles(names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), Single())


_HEADERS = Named(Many(Single()))
_S3 = Section(
    _singles(
        "accesskey secretkey region regionendpoint forcepathstyle accelerate bucket encrypt keyid secure skipverify"
        " v4auth chunksize multipartcopychunksize multipartcopymaxconcurrency multipartcopythresholdsize rootdirectory"
        " storageclass objectacl useragent usedualstack usefipsendpoint loglevel redirectendpoint"
    )
)
_DRIVERS: dict[str, Shape] = {
    "filesystem": Section(_singles("rootdirectory maxthreads")),
    "inmemory": Section({}),
    "s3": _S3,
    "s3aws": _S3,
    "gcs": Section(
        _singles("bucket keyfile rootdirectory chunksize maxconcurrency useragent") | {"credentials": Named(Single())}
    ),
    "azure": Section(
        _singles(
            "accountname accountkey container connectionstring realm rootdirectory serviceurl max_retries retry_delay"
            " skipverify"
        )
        | {"credentials": Section(_singles("type clientid tenantid secret"))}
    ),
    "swift": Section(
        _singles(
            "username password authurl tenant tenantid domain domainid trustid insecureskipverify region container"
            " rootdirectory prefix endpointtype chunksize secretkey accesskey tempurlcontainerkey tempurlmethods"
        )
    ),
    "oss": Section(
        _singles(
            "accesskeyid accesskeysecret region endpoint internal bucket encrypt encryptionkeyid secure chunksize"
            " rootdirectory"
        )
    ),
}
DRIVERS = frozenset(f"storage.{name}" for name in _DRIVERS)

_STORAGE = Section(
    _DRIVERS
    | {
        "delete": Section(_singles("enabled")),
        "redirect": Section(_singles("disable")),
        "cache": Section(_singles("blobdescriptor blobdescriptorsize layerinfo")),
        "tag": Section(_singles("concurrencylimit")),
        "maintenance": Section(
            {
                "uploadpurging": Section(_singles("enabled age interval dryrun")),
                "readonly": Section(_singles("enabled")),
            }
        ),
    },
    named=True,
)


def _shape_of(annotation: object) -> Shape:
    """The vocabulary of a section that is all ours: its model's."""
    if get_origin(annotation) is tuple:
        return Many(_shape_of(get_args(annotation)[0]))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Section({name: _shape_of(field.annotation) for name, field in annotation.model_fields.items()})
    return Single()


_AUTH = Section(
    {
        "none": Section({}),
        "silly": Section(_singles("realm service")),
        "token": Section(
            _singles("realm service issuer rootcertbundle jwks autoredirect autoredirectpath")
            | {"signingalgorithms": Many(Single())}
        ),
        "htpasswd": Section(_singles("realm path")),
        "jettison": _shape_of(Accounts),
    },
    named=True,
)
_LOG = Section(
    {
        "accesslog": Section(_singles("disabled")),
        "level": Single(),
        "formatter": Single(),
        "fields": Named(Single()),
        "hooks": Many(
            Section(
                {
                    "disabled": Single(),
                    "type": Single(),
                    "levels": Many(Single()),
                    "options": Section(
                        {
                            "smtp": Section(_singles("addr username password insecure")),
                            "from": Single(),
                            "to": Many(Single()),
                        }
                    ),
                },
                variables={"options": "MAILOPTIONS"},
            )
        ),
        "reportcaller": Single(),
    }
)
_HTTP = Section(
    {
        **_singles("addr net host prefix secret relativeurls draintimeout"),
        "tls": Section(
            {
                **_singles("certificate key clientauth minimumtls"),
                "clientcas": Many(Single()),
                "ciphersuites": Many(Single()),
                "letsencrypt": Section(_singles("cachefile email directoryurl") | {"hosts": Many(Single())}),
            }
        ),
        "headers": _HEADERS,
        "debug": Section({"addr": Single(), "prometheus": Section(_singles("enabled path"))}),
        "http2": Section(_singles("disabled")),
        "h2c": Section(_singles("enabled")),
    }
)
_NOTIFICATIONS = Section(
    {
        "events": Section(_singles("includereferences")),
        "endpoints": Many(
            Section(
                {
                    **_singles("name disabled url timeout threshold backoff"),
                    "headers": _HEADERS,
                    "ignoredmediatypes": Many(Single()),
                    "ignore": Section({"mediatypes": Many(Single()), "actions": Many(Single())}),
                }
            )
        ),
    },
    variables={"events": "EVENTCONFIG"},
)
_REDIS = Section(
    {
        **_singles(
            "addr clientname db protocol username password sentinelusername sentinelpassword maxretries"
            " minretrybackoff maxretrybackoff dialtimeout readtimeout writetimeout contexttimeoutenabled poolfifo"
            " poolsize pooltimeout minidleconns maxidleconns maxactiveconns connmaxidletime connmaxlifetime"
            " maxredirects readonly routebylatency routerandomly mastername disableidentity identitysuffix"
            " unstableresp3"
        ),
        "addrs": Many(Single()),
        "pool": Section(_singles("maxidle maxactive idletimeout")),
        "tls": Section(_singles("enabled certificate key") | {"rootcas": Many(Single())}),
    }
)
_HEALTH = Section(
    {
        "file": Many(Section(_singles("interval file threshold"))),
        "http": Many(Section(_singles("timeout statuscode interval uri threshold") | {"headers": _HEADERS})),
        "tcp": Many(Section(_singles("timeout interval addr threshold"))),
        "storagedriver": Section(_singles("enabled interval threshold")),
    },
    variables={"file": "FILECHECKERS", "http": "HTTPCHECKERS", "tcp": "TCPCHECKERS"},
)
_VALIDATION = Section(
    {
        **_singles("enabled disabled"),
        "manifests": Section(
            {
                "urls": Section({"allow": Many(Single()), "deny": Many(Single())}),
                "indexes": Section({"platforms": Single(), "platformlist": Many(Section(_singles("architecture os")))}),
            }
        ),
    }
)


VOCABULARY = Section(
    {
        "version": Single(),
        "log": _LOG,
        "loglevel": Single(),
        "storage": _STORAGE,
        "auth": _AUTH,
        "middleware": Named(
            Many(Section({"name": Single(), "disabled": Single(), "options": Free()})),
        ),
        "reporting": Section(
            {
                "bugsnag": Section(_singles("apikey releasestage endpoint")),
                "newrelic": Section(_singles("licensekey name verbose")),
            }
        ),
        "http": _HTTP,
        "notifications": _NOTIFICATIONS,
        "redis": _REDIS,
        "health": _HEALTH,
        "catalog": Section(_singles("maxentries")),
        "tags": Section(_singles("maxtags")),
        "proxy": Section(
            _singles("remoteurl username password ttl cachewritetimeout")
            | {"exec": Section(_singles("command lifetime"))}
        ),
        "compatibility": Section(
            {"schema1": Section(_singles("signingkeyfile enabled"), variables={"signingkeyfile": "TRUSTKEY"})}
        ),
        "validation": _VALIDATION,
        "policy": Section({"repository": Section({"classes": Many(Single())})}),
        "jettison": _shape_of(Jettison),
    }
)
