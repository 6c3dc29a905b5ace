-- Moves of this registry to another database or other storage, and to here from one: see docs/operations/move.md.

create table move (
    id {text} primary key,            -- the same in both registries
    role {text} not null,             -- source: it moves away from here; target: it moves to here
    place {text} not null,            -- where the other registry is, for people
    begun_at {integer} not null,
    frozen_at {integer},              -- since when nothing changes at the source, by the source's clock
    ended_at {integer}
) {by_key};

-- Of a move to here that has not ended: the bytes that came, or could not.
create table moved (
    key {text} primary key,           -- at the source
    new_key {text} not null,          -- here
    size {integer} not null,
    damaged {integer} not null        -- as in `stored`
) {by_key};
