-- 0004_ends: what the end of a session needs: the blobs that sessions name, and the graves of sessions whose rows are gone
-- while files may be left.

CREATE TABLE blob_uses (
    session TEXT NOT NULL REFERENCES sessions (id),
    digest  TEXT NOT NULL,
    tenant  TEXT NOT NULL,
    owner   TEXT NOT NULL,
    PRIMARY KEY (session, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_uses_digest ON blob_uses (digest);

-- Events that were written before name their blob in a field, or in a note at the end of their text.
INSERT OR IGNORE INTO blob_uses (session, digest, tenant, owner)
SELECT session, json_extract(body, '$.data.blob.digest'), tenant, owner FROM events
WHERE body LIKE '%"digest"%' AND json_extract(body, '$.data.blob.digest') IS NOT NULL;
INSERT OR IGNORE INTO blob_uses (session, digest, tenant, owner)
SELECT session, substr(body, instr(body, 'bytes in all, kept as blob ') + 27, 64), tenant, owner FROM events
WHERE instr(body, 'bytes in all, kept as blob ') > 0;

CREATE TABLE graves (
    place     INTEGER PRIMARY KEY AUTOINCREMENT,
    session   TEXT    NOT NULL UNIQUE,
    tenant    TEXT    NOT NULL,
    owner     TEXT    NOT NULL,
    buried_at INTEGER NOT NULL,
    blobs     TEXT    NOT NULL
) STRICT;

CREATE INDEX sessions_ended ON sessions (updated_at, id) WHERE status IN ('complete', 'error', 'stopped');
CREATE INDEX sessions_active ON sessions (id) WHERE status NOT IN ('complete', 'error', 'stopped');

-- Rows go by their session.
CREATE INDEX decisions_of_session ON decisions (session);
CREATE INDEX outbox_session ON outbox (session);
CREATE INDEX reservations_session ON reservations (session);
CREATE INDEX pulls_of_session ON pulls (session);
