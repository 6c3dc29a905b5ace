-- The adoption of a tree that another registry has written: once per tree, gone on with where it was interrupted.

create table adoption (
    tree {text} primary key,          -- below the data folder
    started_at {integer} not null,
    finished_at {integer},            -- null while there is something left to adopt
    newest {integer} not null,        -- the newest time of its folders for blobs when it began, by the filesystem
    last {text} not null,             -- the repository that was adopted last, in the order of bytes
    counts {text} not null            -- what was adopted so far, as JSON
) {by_key};

-- What of it could not be adopted, or is not as it should be.
create table adoption_finding (
    id {serial},
    tree {text} not null references adoption (tree),
    repository {text} not null,       -- empty where it is of none
    kind {text} not null,
    subject {text} not null,
    reason {text} not null
);
create index adoption_finding_repository on adoption_finding (tree, repository);
