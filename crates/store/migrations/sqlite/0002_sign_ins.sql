-- 0002_sign_ins: browsers that are signed in, and links that sign one in. Only hashes of their secrets are kept.

CREATE TABLE sign_ins (
    hash       TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL,
    tenant     TEXT    NOT NULL,
    owner      TEXT    NOT NULL,
    scope      TEXT    NOT NULL,
    token      TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    until      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_until ON sign_ins (until);
