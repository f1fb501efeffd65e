-- Application keys: only the SHA-256 is kept, so that nobody can be shown one. Times in unix seconds.

CREATE TABLE application_keys (
    digest     TEXT PRIMARY KEY,
    user       TEXT NOT NULL REFERENCES users (name) ON DELETE CASCADE,
    app        TEXT NOT NULL COLLATE NOCASE,
    address    TEXT NOT NULL,                   -- of the computer that asked; "" where a person made the key by hand
    created_at REAL NOT NULL,
    used_at    REAL,
    expires_at REAL
) STRICT;

CREATE UNIQUE INDEX application_keys_by_app ON application_keys (user, app, address);

CREATE TRIGGER application_keys_end_with_the_access AFTER UPDATE OF active ON users WHEN NEW.active = 0
BEGIN
    DELETE FROM application_keys WHERE user = NEW.name;
END;

CREATE TRIGGER sessions_end_with_their_application_key AFTER DELETE ON application_keys
BEGIN
    DELETE FROM sessions WHERE fingerprint = OLD.digest;
END;

-- Where a session was begun, so that its user can tell it from the others, and when its password was typed last:
-- none where it stands on a key.

ALTER TABLE sessions ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN agent TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN proven_at REAL;

UPDATE sessions SET proven_at = created_at WHERE salt IS NULL;
