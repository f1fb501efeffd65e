-- Groups of people's own, what was changed of the built-in group `users`, permissions given to users directly, and on
-- which machines what a user was given holds. Failed log-ins are counted per address and per account: rows of the past
-- hour are not worth a conversion.

CREATE TABLE groups (
    key         TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,                  -- JSON list of permission keys
    subgroups   TEXT NOT NULL,                  -- JSON list of group keys
    is_default  INTEGER NOT NULL DEFAULT 0      -- whether new users are put into it
) STRICT;

ALTER TABLE users ADD COLUMN permissions TEXT NOT NULL DEFAULT '[]';   -- JSON list of permission keys
ALTER TABLE users ADD COLUMN scopes TEXT NOT NULL DEFAULT '{}';        -- JSON: {"groups": {key: [machine]}, "permissions": …}

DELETE FROM failed_logins;
ALTER TABLE failed_logins RENAME COLUMN address TO counted;            -- an address, or an account's digest
