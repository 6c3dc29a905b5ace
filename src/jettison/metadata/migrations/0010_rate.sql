-- Requests of each subject, where several processes count them together; see docs/design/replicas.md. Rows of those who
-- have their whole burst again are dropped.

create table rate (
    subject {text} primary key,       -- an account, or an address
    full_at {integer} not null        -- when it may send a whole burst again; microseconds since 1970
) {by_key};
create index rate_full on rate (full_at);
