-- 0002_sign_ins: browsers that are signed in, and links that sign one in. Only hashes of their secrets are kept.

CREATE TABLE sign_ins (
    hash       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind       TEXT NOT NULL,
    tenant     TEXT COLLATE "C" NOT NULL,
    owner      TEXT COLLATE "C" NOT NULL,
    scope      TEXT NOT NULL,
    token      TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    until      BIGINT NOT NULL
);
CREATE INDEX sign_ins_until ON sign_ins (until);
