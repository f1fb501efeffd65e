-- Who did what from where. Times in unix seconds; the number is the order, and never given twice.

CREATE TABLE audit (
    number      INTEGER PRIMARY KEY AUTOINCREMENT,
    at          REAL NOT NULL,
    action      TEXT NOT NULL,
    outcome     TEXT NOT NULL,                  -- done, refused, failed
    status      INTEGER,                        -- of the answer; none where there was no request
    user        TEXT,                           -- none for somebody whom nobody knows
    via         TEXT,                           -- what the user came with: session, apikey, claim, password, …
    fingerprint TEXT,                           -- the beginning of that one's digest, never the thing itself
    address     TEXT,                           -- of the client
    machine     TEXT,
    subject     TEXT NOT NULL,                  -- whom or what it was done to
    detail      TEXT NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_of_strangers ON audit (number) WHERE user IS NULL;
