-- What was printed and drawn on each machine, and how it ended. Times in unix seconds.

CREATE TABLE jobs (
    id         TEXT PRIMARY KEY,
    machine    TEXT NOT NULL,
    name       TEXT NOT NULL,                   -- of the file
    path       TEXT NOT NULL,
    sha1       TEXT,
    size       INTEGER NOT NULL,                -- bytes
    user       TEXT,
    started_at REAL,                            -- none where it never began, or where nobody knows any more
    ended_at   REAL NOT NULL,
    outcome    TEXT NOT NULL,                   -- done, cancelled, failed
    reason     TEXT NOT NULL,
    print_time REAL NOT NULL,                   -- s, without pauses
    wire       TEXT                             -- JSON: the diagnosis of the wire
) STRICT;

CREATE INDEX jobs_by_machine ON jobs (machine, ended_at);
