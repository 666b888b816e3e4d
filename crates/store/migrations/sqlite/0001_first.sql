-- 0001_first: everything that the first version keeps.
-- Every row that belongs to somebody has its tenant and its owner. Times are microseconds since 1970-01-01 UTC.
-- What is written often (numbers, statuses) is kept apart from what is large (documents).

-- Servers are nobody's: a row says only that a process was alive.
CREATE TABLE servers (
    id            TEXT    NOT NULL PRIMARY KEY,
    registered_at INTEGER NOT NULL,
    seen_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    id         TEXT    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    repository TEXT,
    agent      TEXT    NOT NULL,
    policy     TEXT    NOT NULL,
    parent     TEXT,
    lineage    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    last_seq   INTEGER NOT NULL CHECK (last_seq >= 0),
    messages   INTEGER NOT NULL CHECK (messages >= 0),
    epoch      INTEGER NOT NULL CHECK (epoch >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_newest ON sessions (tenant, owner, created_at DESC, id DESC);
CREATE INDEX sessions_status ON sessions (tenant, owner, status, created_at DESC, id DESC);
CREATE INDEX sessions_repository ON sessions (tenant, owner, repository, created_at DESC, id DESC);
CREATE INDEX sessions_lineage ON sessions (tenant, owner, lineage, created_at DESC, id DESC);
CREATE INDEX sessions_parent ON sessions (tenant, owner, parent, created_at DESC, id DESC) WHERE parent IS NOT NULL;
CREATE INDEX sessions_prefix ON sessions (tenant, owner, id);

-- The whole session as JSON, and its words in lowercase for the search.
CREATE TABLE documents (
    session  TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id),
    tenant   TEXT NOT NULL,
    owner    TEXT NOT NULL,
    search   TEXT NOT NULL,
    document TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    global  INTEGER PRIMARY KEY AUTOINCREMENT,
    session TEXT    NOT NULL REFERENCES sessions (id),
    seq     INTEGER NOT NULL CHECK (seq >= 1),
    tenant  TEXT    NOT NULL,
    owner   TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_session ON events (session, seq);

-- The engine's private state of a session's execution.
CREATE TABLE runs (
    session TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id),
    tenant  TEXT NOT NULL,
    owner   TEXT NOT NULL,
    state   TEXT NOT NULL
) STRICT;

CREATE TABLE inputs (
    session TEXT    NOT NULL REFERENCES sessions (id),
    process TEXT    NOT NULL,
    number  INTEGER NOT NULL CHECK (number >= 1),
    tenant  TEXT    NOT NULL,
    owner   TEXT    NOT NULL,
    line    BLOB    NOT NULL,
    PRIMARY KEY (session, process, number)
) STRICT;

CREATE TABLE messages (
    session    TEXT    NOT NULL REFERENCES sessions (id),
    number     INTEGER NOT NULL CHECK (number >= 1),
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    author     TEXT    NOT NULL,
    content    TEXT    NOT NULL,
    queue      TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    turn       INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (session, number)
) STRICT;

CREATE TABLE decisions (
    id         TEXT    NOT NULL PRIMARY KEY,
    session    TEXT    NOT NULL REFERENCES sessions (id),
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    document   TEXT    NOT NULL
) STRICT;
CREATE INDEX decisions_pending ON decisions (tenant, owner, created_at, id) WHERE state = 'pending';
CREATE INDEX decisions_session ON decisions (session, created_at, id) WHERE state = 'pending';

-- A session with work to do. `instance` is the server that works on it; `account` is tenant and owner in one,
-- the unit of fairness; `news_at` is set when something came while a server worked on it.
CREATE TABLE jobs (
    session    TEXT    NOT NULL PRIMARY KEY REFERENCES sessions (id),
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    repository TEXT,
    instance   TEXT    REFERENCES servers (id),
    epoch      INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    place      INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    news_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_place ON jobs (place);
CREATE INDEX jobs_waiting ON jobs (account, place, not_before, repository) WHERE instance IS NULL;
CREATE INDEX jobs_instance ON jobs (instance) WHERE instance IS NOT NULL;
CREATE INDEX jobs_account ON jobs (account) WHERE instance IS NOT NULL;
CREATE INDEX jobs_repository ON jobs (repository) WHERE instance IS NOT NULL;

CREATE TABLE outbox (
    place      INTEGER PRIMARY KEY AUTOINCREMENT,
    key        TEXT    NOT NULL UNIQUE,
    session    TEXT    NOT NULL REFERENCES sessions (id),
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    tries      INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    result     TEXT
) STRICT;
CREATE INDEX outbox_pending ON outbox (place, not_before) WHERE state = 'pending';

CREATE TABLE reservations (
    tenant  TEXT NOT NULL,
    owner   TEXT NOT NULL,
    key     TEXT NOT NULL,
    request TEXT NOT NULL,
    session TEXT NOT NULL REFERENCES sessions (id),
    PRIMARY KEY (tenant, owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE pulls (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant       TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    session      TEXT    NOT NULL REFERENCES sessions (id),
    repository   TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    base         TEXT    NOT NULL,
    head         TEXT    NOT NULL,
    head_commit  TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    merge_commit TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pulls_open ON pulls (tenant, repository, head) WHERE state IN ('draft', 'open');
CREATE INDEX pulls_newest ON pulls (tenant, owner, number DESC);
CREATE INDEX pulls_session ON pulls (tenant, owner, session, number DESC);

CREATE TABLE tokens (
    id         TEXT    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    hash       TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX tokens_newest ON tokens (tenant, created_at DESC, id DESC);

CREATE TABLE cursors (
    tenant   TEXT    NOT NULL,
    owner    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tenant, owner, name)
) STRICT, WITHOUT ROWID;
