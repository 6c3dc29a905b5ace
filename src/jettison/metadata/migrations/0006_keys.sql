-- The keys that sign tokens: see registry/keys.py. Whoever reads a row can make tokens, so a backup has none.

create table signing_key (
    id {text} primary key,
    private {bytes} not null,         -- PKCS #8, DER
    created_at {integer} not null,
    ends_at {integer}                 -- until when its tokens are believed; null: it signs
) {by_key};
