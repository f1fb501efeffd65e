-- What people prove themselves with beside a password. All of it ends with the user. Times in unix seconds.

CREATE TABLE second_factors (
    user         TEXT PRIMARY KEY REFERENCES users (name) ON DELETE CASCADE,
    secret       BLOB NOT NULL,                 -- encrypted
    confirmed_at REAL,                          -- none as long as no code of it was typed
    last_step    INTEGER NOT NULL DEFAULT -1    -- the newest time step of which a code was taken
) STRICT;

CREATE TABLE recovery_codes (
    user    TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    digest  TEXT NOT NULL,
    used_at REAL,
    PRIMARY KEY (user, digest)
) STRICT;

CREATE TABLE passkeys (
    id         TEXT PRIMARY KEY,                -- of the credential, base64url
    user       TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    handle     TEXT NOT NULL,                   -- what authenticators know the user by, base64url; says nothing of the name
    site       TEXT NOT NULL,                   -- the host name that it is for (the RP id)
    name       TEXT NOT NULL,
    credential BLOB NOT NULL,                   -- attested credential data: the id and the public key
    sign_count INTEGER NOT NULL,
    created_at REAL NOT NULL,
    used_at    REAL
) STRICT;

CREATE INDEX passkeys_by_user ON passkeys (user);
