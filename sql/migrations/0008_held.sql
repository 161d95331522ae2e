-- Jobs of which only the test frames are rendered until somebody approves them. Rules for migrations: see
-- 0001_first.sql.

ALTER TABLE job
  ADD COLUMN IF NOT EXISTS held BOOLEAN NOT NULL DEFAULT FALSE
    COMMENT 'only its test frames are rendered until it is approved';
