-- Who may sign in, and what is granted to whom. No password or token lies here as it is: see registry/passwords.py.

create table account (
    id {serial},
    kind {text} not null,             -- user, robot: they share one set of names
    name {text} not null unique,
    password {text},                  -- a user's: argon2id, with its salt and parameters
    token {bytes} unique,             -- a robot's: its SHA-256
    disabled {integer} not null default 0,
    created_by {text} not null,
    created_at {integer} not null,
    expires_at {integer},             -- a robot's; null: never
    used_at {integer},                -- the last sign-in, to a minute
    check ((kind = 'user' and password is not null and token is null)
        or (kind = 'robot' and password is null and token is not null))
);

create table account_group (
    id {serial},
    name {text} not null unique,
    created_at {integer} not null
);

create table account_group_member (
    account_group {integer} not null references account_group (id),
    account {integer} not null references account (id),
    primary key (account_group, account)
) {by_key};
create index account_group_member_account on account_group_member (account);

-- To an account, to a group, or with neither to everybody. What is not granted is refused.
create table granted (
    id {serial},
    account {integer} references account (id),
    account_group {integer} references account_group (id),
    pattern {text} not null,          -- of repositories; ** is all of them and the registry itself
    actions {text} not null,          -- of pull,push,delete,admin: in this order, with commas between
    created_at {integer} not null,
    check (account is null or account_group is null)
);
create unique index granted_once on granted (coalesce(account, 0), coalesce(account_group, 0), pattern);
create index granted_account on granted (account) where account is not null;
create index granted_group on granted (account_group) where account_group is not null;

-- What was given to somebody who signed in, so as not to send the password again: see registry/sessions.py.
create table session (
    token {bytes} primary key,        -- its SHA-256
    account {integer} not null references account (id),
    purpose {text} not null,          -- refresh, console
    issued_to {text} not null,        -- a client's name, for people
    created_at {integer} not null,
    used_at {integer} not null,       -- to a minute
    idle {integer} not null,          -- it ends after so long without use
    ends_at {integer} not null,       -- and then in any case
    until {integer} not null          -- the earlier of both, as of used_at
) {by_key};
create index session_account on session (account);
create index session_until on session (until);

-- Codes with which the first administrator can be made: see registry/setup.py.
create table setup_code (
    code {bytes} primary key,         -- its SHA-256
    until {integer} not null
) {by_key};

-- Who began it: only they may go on with it.
alter table upload add column owner {text} not null default '';
