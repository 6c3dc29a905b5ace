-- Who did what, from where. Rows are written by the transaction of what they tell of and never changed; the oldest go
-- after `jettison.audit.keep`. See docs/operations/audit.md.

create table audit (
    id {serial},
    at {integer} not null,
    kind {text} not null,             -- of who did it: user, robot, anonymous, everyone, outside
    who {text} not null,              -- empty for who did not say
    address {text} not null,          -- of the client; empty where there was none: a command, a unix socket
    request {text} not null,          -- what the log calls the request
    action {text} not null,
    repository {text} not null,       -- or several with commas between; empty where it is about none
    target {text} not null,
    result {text} not null,           -- done, refused
    detail {text} not null            -- a JSON object
);

-- Sign-ins of an account, an address, or both together; see registry/attempts.py. A row that says nothing is dropped.
create table attempt (
    key {bytes} primary key,
    failures {integer} not null,      -- as of failed_at: they fade away
    failed_at {integer} not null,
    until {integer} not null,         -- until when no further one is looked at
    succeeded_at {integer} not null,  -- 0: never, or long ago
    stale_at {integer} not null       -- from when on the row says nothing any more
) {by_key};
create index attempt_stale on attempt (stale_at);
