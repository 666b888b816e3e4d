-- 0004_ends: what the end of a session needs: the blobs that sessions name, and the graves of sessions whose rows are gone
-- while files may be left. No released version has kept blobs here before, so that no names are filled in.

CREATE TABLE blob_uses (
    session TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    digest  TEXT COLLATE "C" NOT NULL,
    tenant  TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (session, digest)
);
CREATE INDEX blob_uses_digest ON blob_uses (digest);

-- What was put so recently is about to be named.
ALTER TABLE blobs ADD COLUMN put_at TIMESTAMPTZ NOT NULL DEFAULT now();

CREATE TABLE graves (
    place     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session   TEXT COLLATE "C" NOT NULL UNIQUE,
    tenant    TEXT COLLATE "C" NOT NULL,
    owner     TEXT COLLATE "C" NOT NULL,
    buried_at BIGINT NOT NULL,
    blobs     TEXT NOT NULL
);

CREATE INDEX sessions_ended ON sessions (updated_at, id) WHERE status IN ('complete', 'error', 'stopped');
CREATE INDEX sessions_active ON sessions (id) WHERE status NOT IN ('complete', 'error', 'stopped');
