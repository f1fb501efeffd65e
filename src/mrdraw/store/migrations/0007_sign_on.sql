-- Users who log in with a provider of OpenID Connect, and the log-ins that came back from one.

CREATE TABLE sign_on_links (
    issuer     TEXT NOT NULL,
    subject    TEXT NOT NULL,                   -- who it is at the issuer; never given to anybody else there
    user       TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (issuer, subject)
) STRICT;

CREATE INDEX sign_on_links_by_user ON sign_on_links (user);

-- What a log-in began with is taken once. Rows are dropped when they are too old to be taken anyway.
CREATE TABLE used_sign_ons (
    digest  TEXT PRIMARY KEY,
    used_at REAL NOT NULL
) STRICT;
