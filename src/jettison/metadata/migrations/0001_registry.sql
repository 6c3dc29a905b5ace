-- Digests are bytes: one for the algorithm, then the hash. Times are microseconds since 1970.
-- Every key is RESTRICT: what something needs cannot go before it. See docs/design/data-model.md.

create table deletion (
    id {serial},
    kind {text} not null,             -- repository, manifest, tag, blob
    state {text} not null,            -- deleted (can be undone until expires_at), restored, expired, purged
    repository {text} not null,
    actor {text} not null,
    reason {text} not null,
    deleted_at {integer} not null,
    expires_at {integer} not null,    -- of an expired or purged one: when its rows may be dropped
    ended_at {integer},               -- when it was restored, expired or was purged
    summary {text} not null           -- the plan, as JSON
);
create index deletion_expiry on deletion (state, expires_at);

-- A hidden repository (deletion is not null) holds what one deletion took out of the repository of that name.
create table repository (
    id {serial},
    name {text} not null,
    deletion {integer} references deletion (id),
    listed {integer} not null default 0,
    created_at {integer} not null
);
create unique index repository_live on repository (name) where deletion is null;
create index repository_listed on repository (name) where deletion is null and listed = 1;
create index repository_hidden on repository (name) where deletion is not null;
create index repository_deletion on repository (deletion) where deletion is not null;

create table stored (
    key {text} primary key,
    size {integer} not null,
    damaged {integer} not null default 0  -- 1: bytes are missing, 2: others lie there; whoever pushes it again heals it
) {by_key};

create table blob (
    id {serial},
    digest {bytes} not null unique,
    size {integer} not null,
    key {text} not null references stored (key)
);
create index blob_key on blob (key);

-- leased_until is null while a manifest of the repository needs the blob.
create table repository_blob (
    repository {integer} not null references repository (id),
    blob {integer} not null references blob (id),
    leased_until {integer},
    primary key (repository, blob)
) {by_key};
create index repository_blob_blob on repository_blob (blob);
create index repository_blob_lease on repository_blob (leased_until) where leased_until is not null;

create table manifest (
    id {serial},
    repository {integer} not null references repository (id),
    digest {bytes} not null,
    media_type {text} not null,
    artifact_type {text},
    subject {bytes},
    size {integer} not null,
    pushed_at {integer} not null,
    copied {integer} not null default 0,  -- 1 in a hidden repository: only there for what needs it, not itself deleted
    unique (repository, digest)
);
create index manifest_subject on manifest (repository, subject, digest) where subject is not null;

create table manifest_content (
    manifest {integer} primary key references manifest (id),
    content {bytes} not null
);

create table manifest_blob (
    manifest {integer} not null references manifest (id),
    repository {integer} not null,
    blob {integer} not null,
    primary key (manifest, blob),
    foreign key (repository, blob) references repository_blob (repository, blob)
) {by_key};
create index manifest_blob_link on manifest_blob (repository, blob);

create table manifest_child (
    parent {integer} not null references manifest (id),
    child {integer} not null references manifest (id),
    primary key (parent, child)
) {by_key};
create index manifest_child_child on manifest_child (child);

-- What a manifest names and the repository does not have, where that is accepted. It becomes a
-- manifest_blob or manifest_child in the transaction that brings it.
create table missing (
    manifest {integer} not null references manifest (id),
    repository {integer} not null,
    digest {bytes} not null,
    primary key (manifest, digest)
) {by_key};
create index missing_digest on missing (repository, digest);

create table tag (
    repository {integer} not null references repository (id),
    name {text} not null,
    manifest {integer} not null references manifest (id),
    created_at {integer} not null,
    updated_at {integer} not null,
    primary key (repository, name)
) {by_key};
create index tag_manifest on tag (manifest);

-- Times of the last pull are hints, written in batches after the fact: they go with what they describe.
create table manifest_pulled (
    manifest {integer} primary key references manifest (id) on delete cascade,
    at {integer} not null
);
create table tag_pulled (
    repository {integer} not null,
    name {text} not null,
    at {integer} not null,
    primary key (repository, name),
    foreign key (repository, name) references tag (repository, name) on update cascade on delete cascade
) {by_key};

create table upload (
    id {text} primary key,
    repository {text} not null,
    key {text} not null,
    state {text},
    received {integer} not null,
    digest_so_far {bytes},
    writer {text},
    ended {integer} not null default 0,   -- 1: nobody may go on with it; its bytes are being dropped
    started_at {integer} not null,
    touched_at {integer} not null
) {by_key};
create index upload_touched on upload (touched_at);

-- Blobs that lost a link: the sweep looks whether anything has them still. Nothing is found by scanning.
create table candidate (
    blob {integer} primary key
);

-- Keys whose rows are gone: their bytes go once everybody who may read them has ended.
create table discarded (
    key {text} primary key,
    size {integer} not null,
    after {integer} not null,
    digest {bytes}                    -- what the bytes were, for whoever asks why they are there still
) {by_key};
create index discarded_after on discarded (after);
create index discarded_digest on discarded (digest) where digest is not null;

-- One holder at a time, over all processes.
create table lease (
    name {text} primary key,
    holder {text} not null,
    until {integer} not null
) {by_key};

create table sweep (
    id {serial},
    holder {text} not null,
    started_at {integer} not null,
    ended_at {integer} not null,
    deletions {integer} not null,     -- expired or purged ones whose rows were dropped
    links {integer} not null,
    blobs {integer} not null,
    uploads {integer} not null,
    files {integer} not null,
    bytes {integer} not null          -- of the files
);
