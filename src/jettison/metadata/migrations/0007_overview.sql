-- What lists for people are sorted by, counted by periodic work and never by who pushes: see docs/design/overview.md.
-- None of it says what exists: every list asks repository and manifest.

create table overview (
    repository {integer} primary key references repository (id) on delete cascade,
    name {text} not null,                         -- the repository's, which never changes
    exclusive {integer} not null default 0,
    shared {integer} not null default 0,
    versions {integer} not null default 0,
    tags {integer} not null default 0,
    pushed_at {integer} not null default 0,       -- 0: never
    pulled_at {integer} not null default 0,
    counted_at {integer} not null default 0,
    due_at {integer} not null default 0           -- when it is to be counted again
);
create index overview_name on overview (name);
create index overview_exclusive on overview (exclusive desc, name);
create index overview_shared on overview (shared desc, name);
create index overview_versions on overview (versions desc, name);
create index overview_tags on overview (tags desc, name);
create index overview_pushed_at on overview (pushed_at desc, name);
create index overview_pulled_at on overview (pulled_at desc, name);
create index overview_due on overview (due_at);
insert into overview (repository, name) select id, name from repository where deletion is null and listed = 1;

-- How far the audit log has been read for what changed: one row.
create table overview_read (
    id {integer} primary key,
    audit {integer} not null
);
insert into overview_read (id, audit) select 1, coalesce(max(id), 0) from audit;

-- What a manifest is for, as `linux/amd64`, with commas between; it never changes.
create table manifest_platforms (
    manifest {integer} primary key references manifest (id) on delete cascade,
    platforms {text} not null
);
create index manifest_pushed on manifest (repository, pushed_at);

-- The bytes at rest as they were last counted on each day (UTC).
create table disk_day (
    day {integer} primary key,                    -- since 1970
    counted_at {integer} not null,
    exclusive {integer} not null,
    shared {integer} not null,
    undo {integer} not null,
    garbage {integer} not null,
    uploads {integer} not null
);

-- What comes back by itself, and the largest blobs that several repositories have, as of the last count.
create table disk_returning (
    why {text} primary key,
    blobs {integer} not null,
    bytes {integer} not null,
    first_at {integer} not null,
    last_at {integer} not null
);
create table disk_shared (
    digest {bytes} primary key,
    size {integer} not null,
    repositories {integer} not null
);
