-- The oldest program that may serve this database, by the newest schema that it knows: the highest row counts. A
-- migration that only adds leaves it as it is; one that takes something away, or gives it another meaning, adds a row.
-- Programs before that start no more, and end where they run: see docs/design/replicas.md.

create table compatible (
    since {integer} primary key
);
insert into compatible (since) values (8);
