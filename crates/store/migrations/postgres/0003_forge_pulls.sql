-- 0003_forge_pulls: sessions are found by their pull requests on forges. Local pull requests have a table of their own.
-- No released version has kept sessions without these columns here, so that none are filled in.

ALTER TABLE sessions ADD COLUMN pull_number BIGINT;
ALTER TABLE sessions ADD COLUMN pull_state TEXT COLLATE "C";
ALTER TABLE sessions ADD COLUMN pull_repository TEXT COLLATE "C";

CREATE INDEX sessions_pull ON sessions (tenant, owner, pull_number, created_at DESC, id DESC)
    WHERE pull_number IS NOT NULL;
CREATE INDEX sessions_pulls ON sessions (tenant, owner, created_at DESC, id DESC) WHERE pull_number IS NOT NULL;
