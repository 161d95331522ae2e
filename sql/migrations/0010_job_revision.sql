-- Jobs say which reading of them is the newer, and are invisible until they are whole. Rules for migrations: see
-- 0001_first.sql.

-- revision: raised with every change of state, priority, held or which tasks are open; see JobControl in
-- server/store/jobs.h. creating: written, but not all of its submission is there yet; nobody sees it, and what a kill
-- left so is removed. starts_paused: what a job becomes when its submission is complete.
ALTER TABLE job
  MODIFY state ENUM('active', 'paused', 'finished', 'failed', 'cancelled', 'creating') NOT NULL DEFAULT 'active',
  ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN IF NOT EXISTS starts_paused BOOLEAN NOT NULL DEFAULT FALSE,
  ADD INDEX IF NOT EXISTS job_submission (submission);
