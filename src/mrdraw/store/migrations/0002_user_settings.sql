-- What clients keep with a user, and what the first run needs of `meta`: its rows `claim_code` (the code, encrypted,
-- in hexadecimal) and `claim_failures` (wrong tries since the code was made).

ALTER TABLE users ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';   -- JSON object
