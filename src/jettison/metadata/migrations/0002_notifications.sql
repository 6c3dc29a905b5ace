-- Events that an endpoint has not got yet, one row for each endpoint; see docs/operations/notifications.md.
-- A row is written by the transaction of the change that it tells of, and deleted once it is delivered.

create table notification (
    id {serial},                      -- the order in which they are delivered
    endpoint {text} not null,
    event {text} not null             -- as JSON
);
create index notification_endpoint on notification (endpoint, id);
