-- 0003_forge_pulls: sessions are found by their pull requests on forges. Local pull requests have a table of their own.

ALTER TABLE sessions ADD COLUMN pull_number INTEGER;
ALTER TABLE sessions ADD COLUMN pull_state TEXT;
ALTER TABLE sessions ADD COLUMN pull_repository TEXT;

UPDATE sessions SET
    pull_number = d.document ->> '$.pull.number',
    pull_state = d.document ->> '$.pull.state',
    pull_repository = coalesce(d.document ->> '$.target', d.document ->> '$.repository')
FROM documents d
WHERE d.session = sessions.id
  AND d.document ->> '$.pull.number' IS NOT NULL
  AND coalesce(d.document ->> '$.target', d.document ->> '$.repository') NOT LIKE '/%';

CREATE INDEX sessions_pull ON sessions (tenant, owner, pull_number, created_at DESC, id DESC)
    WHERE pull_number IS NOT NULL;
CREATE INDEX sessions_pulls ON sessions (tenant, owner, created_at DESC, id DESC) WHERE pull_number IS NOT NULL;
