-- 0001_first: everything that the first version keeps.
-- Every row that belongs to somebody has its tenant and its owner. Times are microseconds since 1970-01-01 UTC; those that are
-- compared with the database's own clock are TIMESTAMPTZ. Texts that are looked up or ordered are compared by their bytes,
-- whatever the database's own order is.

-- A folder in which servers keep what lies on disks: repositories, workspaces, sandboxes.
CREATE TABLE hosts (
    id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seen_at TIMESTAMPTZ NOT NULL
);

-- Servers are nobody's: a row says only that a process was alive.
CREATE TABLE servers (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    host          TEXT COLLATE "C",
    registered_at TIMESTAMPTZ NOT NULL,
    seen_at       TIMESTAMPTZ NOT NULL
);

-- `host` is the folder in which the session's workspace lies, from the first write of a worker on; `is_lost` says that
-- it lay in one that is gone for good.
CREATE TABLE sessions (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    status     TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C",
    agent      TEXT COLLATE "C" NOT NULL,
    policy     TEXT COLLATE "C" NOT NULL,
    parent     TEXT COLLATE "C",
    lineage    TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL CHECK (version >= 1),
    last_seq   BIGINT NOT NULL CHECK (last_seq >= 0),
    messages   BIGINT NOT NULL CHECK (messages >= 0),
    epoch      BIGINT NOT NULL CHECK (epoch >= 0),
    host       TEXT COLLATE "C",
    is_lost    BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX sessions_newest ON sessions (tenant, owner, created_at DESC, id DESC);
CREATE INDEX sessions_status ON sessions (tenant, owner, status, created_at DESC, id DESC);
CREATE INDEX sessions_repository ON sessions (tenant, owner, repository, created_at DESC, id DESC);
CREATE INDEX sessions_lineage ON sessions (tenant, owner, lineage, created_at DESC, id DESC);
CREATE INDEX sessions_parent ON sessions (tenant, owner, parent, created_at DESC, id DESC) WHERE parent IS NOT NULL;
CREATE INDEX sessions_prefix ON sessions (tenant, owner, id);
CREATE INDEX sessions_host ON sessions (host) WHERE host IS NOT NULL;

-- The whole session as JSON, and its words in lowercase for the search.
CREATE TABLE documents (
    session  TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES sessions (id),
    tenant   TEXT COLLATE "C" NOT NULL,
    owner    TEXT COLLATE "C" NOT NULL,
    search   TEXT COLLATE "C" NOT NULL,
    document TEXT NOT NULL
);

-- The global number is taken under a lock that is held until the commit, so that their order is the order of the commits.
CREATE SEQUENCE events_global AS BIGINT;
CREATE TABLE events (
    global  BIGINT NOT NULL PRIMARY KEY DEFAULT nextval('events_global'),
    session TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    seq     BIGINT NOT NULL CHECK (seq >= 1),
    tenant  TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    at      BIGINT NOT NULL,
    name    TEXT COLLATE "C" NOT NULL,
    status  TEXT COLLATE "C",
    listed  BOOLEAN NOT NULL,
    body    TEXT NOT NULL
);
ALTER SEQUENCE events_global OWNED BY events.global;
CREATE UNIQUE INDEX events_session ON events (session, seq);
CREATE INDEX events_listed ON events (tenant, owner, global) WHERE listed;

-- The engine's private state of a session's execution.
CREATE TABLE runs (
    session TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES sessions (id),
    tenant  TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    state   TEXT NOT NULL
);

CREATE TABLE inputs (
    session TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    process TEXT COLLATE "C" NOT NULL,
    number  BIGINT NOT NULL CHECK (number >= 1),
    tenant  TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    line    BYTEA NOT NULL,
    PRIMARY KEY (session, process, number)
);

CREATE TABLE messages (
    session    TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    number     BIGINT NOT NULL CHECK (number >= 1),
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    author     TEXT NOT NULL,
    content    TEXT NOT NULL,
    queue      TEXT NOT NULL,
    state      TEXT NOT NULL,
    turn       BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (session, number)
);

CREATE TABLE decisions (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    session    TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    state      TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    document   TEXT NOT NULL
);
CREATE INDEX decisions_pending ON decisions (tenant, owner, created_at, id) WHERE state = 'pending';
CREATE INDEX decisions_session ON decisions (session, created_at, id);

-- A session with work to do. `instance` is the server that works on it; `account` is tenant and owner in one,
-- the unit of fairness; `news_at` is set when something came while a server worked on it. `place` never waits for others.
CREATE SEQUENCE jobs_place AS BIGINT;
CREATE TABLE jobs (
    session    TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES sessions (id),
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    account    TEXT COLLATE "C" NOT NULL,
    repository TEXT COLLATE "C",
    instance   TEXT COLLATE "C" REFERENCES servers (id),
    epoch      BIGINT NOT NULL,
    tries      BIGINT NOT NULL,
    place      BIGINT NOT NULL,
    not_before TIMESTAMPTZ NOT NULL,
    news_at    TIMESTAMPTZ
);
CREATE INDEX jobs_waiting ON jobs (place) WHERE instance IS NULL;
CREATE INDEX jobs_instance ON jobs (instance) WHERE instance IS NOT NULL;
CREATE INDEX jobs_account ON jobs (account) WHERE instance IS NOT NULL;
CREATE INDEX jobs_repository ON jobs (repository) WHERE instance IS NOT NULL;

CREATE TABLE outbox (
    place      BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key        TEXT COLLATE "C" NOT NULL UNIQUE,
    session    TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    kind       TEXT NOT NULL,
    payload    TEXT NOT NULL,
    state      TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    not_before BIGINT NOT NULL,
    result     TEXT
);
CREATE INDEX outbox_pending ON outbox (place, not_before) WHERE state = 'pending';
CREATE INDEX outbox_session ON outbox (session);

CREATE TABLE reservations (
    tenant  TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    key     TEXT COLLATE "C" NOT NULL,
    request TEXT NOT NULL,
    session TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    PRIMARY KEY (tenant, owner, key)
);
CREATE INDEX reservations_session ON reservations (session);

CREATE TABLE pulls (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant       TEXT COLLATE "C" NOT NULL,
    owner        TEXT COLLATE "C" NOT NULL,
    session      TEXT COLLATE "C" NOT NULL REFERENCES sessions (id),
    repository   TEXT COLLATE "C" NOT NULL,
    title        TEXT NOT NULL,
    body         TEXT NOT NULL,
    base         TEXT NOT NULL,
    head         TEXT COLLATE "C" NOT NULL,
    head_commit  TEXT NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    merge_commit TEXT,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX pulls_open ON pulls (tenant, repository, head) WHERE state IN ('draft', 'open');
CREATE INDEX pulls_newest ON pulls (tenant, owner, number DESC);
CREATE INDEX pulls_session ON pulls (session, number DESC);

CREATE TABLE tokens (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    name       TEXT NOT NULL,
    scope      TEXT NOT NULL,
    hash       TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX tokens_newest ON tokens (tenant, created_at DESC, id DESC);

CREATE TABLE cursors (
    tenant   TEXT COLLATE "C" NOT NULL,
    owner    TEXT COLLATE "C" NOT NULL,
    name     TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (tenant, owner, name)
);

-- Large payloads, in parts. A digest is there only with all of its parts: they are one transaction.
CREATE TABLE blobs (
    digest TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    size   BIGINT NOT NULL
);
CREATE TABLE blob_parts (
    digest TEXT COLLATE "C" NOT NULL REFERENCES blobs (digest) ON DELETE CASCADE,
    part   BIGINT NOT NULL,
    bytes  BYTEA NOT NULL,
    PRIMARY KEY (digest, part)
);
ALTER TABLE blob_parts ALTER COLUMN bytes SET STORAGE EXTERNAL;
