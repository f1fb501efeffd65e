-- Users, their keys and sessions; the files of the library; the file selected on each machine.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE users (
    name          TEXT PRIMARY KEY,
    password_hash TEXT NOT NULL,
    groups        TEXT NOT NULL,                -- JSON list of group keys
    active        INTEGER NOT NULL DEFAULT 1,
    created_at    REAL NOT NULL
) STRICT;

-- Keys are looked up by their SHA-256; the encrypted form is there because they can be shown.
-- The owner "" is the global key.
CREATE TABLE api_keys (
    owner      TEXT PRIMARY KEY,
    digest     TEXT NOT NULL UNIQUE,
    encrypted  BLOB NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE TABLE sessions (
    digest      TEXT PRIMARY KEY,
    user        TEXT NOT NULL,                  -- "_api" for the global key
    fingerprint TEXT NOT NULL,                  -- of what the session stands on: the password's hash, or the key
    salt        TEXT,                           -- what the token was derived from; none where it is random
    remember    INTEGER NOT NULL DEFAULT 0,
    created_at  REAL NOT NULL,
    used_at     REAL NOT NULL
) STRICT;

CREATE INDEX sessions_by_user ON sessions (user);

CREATE TABLE failed_logins (
    address TEXT NOT NULL,
    at      REAL NOT NULL
) STRICT;

CREATE INDEX failed_logins_by_address ON failed_logins (address, at);

CREATE TABLE files (
    path        TEXT PRIMARY KEY,
    size        INTEGER NOT NULL,
    modified_ns INTEGER NOT NULL,
    sha1        TEXT,
    display     TEXT,
    user        TEXT,
    userdata    TEXT,                           -- JSON
    uploaded_at REAL
) STRICT;

CREATE TABLE selections (
    machine TEXT PRIMARY KEY,
    path    TEXT NOT NULL
) STRICT;
