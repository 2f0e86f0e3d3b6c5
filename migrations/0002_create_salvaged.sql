-- The spool, version 2. docs/SPOOL.md explains the tables and their invariants.

-- What came over from other files, so that it does not come over twice.
CREATE TABLE salvaged (
    kind INTEGER NOT NULL, -- 1: a batch, 2: a dead letter, 3: the lost points of a backend
    number INTEGER NOT NULL, -- its number in the file that it came from
    time_ns INTEGER NOT NULL, -- when it was committed, died, or was made
    trait INTEGER NOT NULL, -- a batch: its checksum; a dead letter: its point's timestamp
    PRIMARY KEY (kind, number, time_ns, trait)
) STRICT, WITHOUT ROWID;
