-- The spool, version 1. docs/SPOOL.md explains the tables and their invariants.
-- All times are nanoseconds since the Unix epoch, UTC.

-- Every series that a batch, a dead letter or a rate refers to, once. A number is never used again.
CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    metric TEXT NOT NULL,
    tags TEXT NOT NULL, -- canonical text: key=value,key=value
    last_batch INTEGER NOT NULL, -- a batch that uses it; no later one lies far behind (see docs)
    UNIQUE (metric, tags)
) STRICT;

-- One committed group of points.
CREATE TABLE batch (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    committed_ns INTEGER NOT NULL,
    first_ns INTEGER NOT NULL, -- smallest timestamp in the batch
    last_ns INTEGER NOT NULL, -- largest timestamp in the batch
    points INTEGER NOT NULL,
    codec INTEGER NOT NULL, -- version of the payload's format
    payload BLOB NOT NULL
) STRICT;

-- The destinations that the spool holds points for.
CREATE TABLE backend (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    keeps_points INTEGER NOT NULL, -- 1: the spool itself is the destination
    created_ns INTEGER NOT NULL
) STRICT;

-- What a backend has not confirmed. The range without a last batch takes in all batches to come.
CREATE TABLE pending_range (
    backend INTEGER NOT NULL REFERENCES backend (id) ON DELETE CASCADE,
    first_batch INTEGER NOT NULL,
    last_batch INTEGER,
    PRIMARY KEY (backend, first_batch)
) STRICT, WITHOUT ROWID;

-- The books: collected = delivered + pending + dead + expired, at every commit.
CREATE TABLE ledger (
    backend INTEGER PRIMARY KEY REFERENCES backend (id) ON DELETE CASCADE,
    collected INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Points that a backend refused for good, with its words.
CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY,
    backend INTEGER NOT NULL REFERENCES backend (id) ON DELETE CASCADE,
    died_ns INTEGER NOT NULL,
    series INTEGER NOT NULL REFERENCES series (id),
    timestamp_ns INTEGER NOT NULL,
    value ANY NOT NULL, -- REAL or INTEGER, as the point's value is
    reason TEXT NOT NULL
) STRICT;

CREATE INDEX dead_letter_series ON dead_letter (series);

-- The last reading of every counter: what the next rate is computed from.
CREATE TABLE rate_state (
    key TEXT PRIMARY KEY,
    value ANY NOT NULL, -- REAL or INTEGER
    wall_ns INTEGER NOT NULL,
    boot_ns INTEGER NOT NULL, -- nanoseconds since the boot named by boot_id
    boot_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- How each check is doing.
CREATE TABLE check_status (
    name TEXT PRIMARY KEY,
    runs INTEGER NOT NULL,
    failures INTEGER NOT NULL, -- runs that failed or did not end in time
    points INTEGER NOT NULL,
    counter_resets INTEGER NOT NULL,
    last_started_ns INTEGER NOT NULL,
    last_duration_ns INTEGER NOT NULL,
    last_points INTEGER NOT NULL,
    last_problem TEXT, -- of the last run; NULL after a success
    last_problem_ns INTEGER -- when a run last failed
) STRICT, WITHOUT ROWID;

-- Values that never became points, by reason.
CREATE TABLE refusal (
    check_name TEXT NOT NULL,
    metric TEXT NOT NULL,
    reason TEXT NOT NULL,
    values_refused INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    PRIMARY KEY (check_name, metric, reason)
) STRICT, WITHOUT ROWID;
