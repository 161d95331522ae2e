-- Points: what the ledger needs beyond its three tables. Rules for migrations: see 0001_first.sql.

-- What a transaction was for, so that a statement can be read after the job is gone. total_change: what it did to the
-- lifetime total of the user whose available account it touches; only what was minted counts, so that points that go
-- round between two users raise nobody's rank.
-- ref of give: as for boost. ref of refund: the job and a number, for a job that failed may be put back and end again.
ALTER TABLE transaction
  MODIFY kind ENUM('earn', 'vest', 'void', 'boost', 'payout', 'refund', 'adjust', 'give') NOT NULL,
  ADD COLUMN IF NOT EXISTS task_id BIGINT NULL,
  ADD COLUMN IF NOT EXISTS slave_id BIGINT NULL,
  ADD COLUMN IF NOT EXISTS frame INT NULL,
  ADD COLUMN IF NOT EXISTS total_change BIGINT NULL;

-- The lifetime total stands beside the balance that changes with it: one row to write for a batch, and a row of user
-- would be locked for as long as a large job of that user is being submitted (its foreign key is checked there).
ALTER TABLE account
  ADD COLUMN IF NOT EXISTS total BIGINT NOT NULL DEFAULT 0 COMMENT 'available: millipoints ever vested; rank';
ALTER TABLE user DROP COLUMN IF EXISTS points_total;

-- user_id: whose slave it was then. bound: 1.25 * demonstrated power * wall time by the server's clock. points is NULL
-- while the grant is held, 0 for one's own job.
ALTER TABLE attempt
  ADD COLUMN IF NOT EXISTS user_id BIGINT NULL,
  ADD COLUMN IF NOT EXISTS bound BIGINT NULL;

-- The smallest claim of others so far: what a held grant falls back to.
ALTER TABLE job
  ADD COLUMN IF NOT EXISTS least_claim BIGINT NULL;

-- Accepted results whose grant waits for a fair value. Small: a row goes when its grant is settled. fate: an audit that
-- ended before the grant was known. boost: of the job when the result came, thousandths.
CREATE TABLE IF NOT EXISTS held_grant (
  attempt_id BIGINT NOT NULL,
  task_id BIGINT NOT NULL,
  job_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  claim BIGINT NOT NULL,
  boost INT NOT NULL,
  fate ENUM('vest', 'void') NULL,
  held_at DATETIME(3) NOT NULL,
  CONSTRAINT held_grant_pk PRIMARY KEY (attempt_id),
  INDEX held_grant_job (job_id),
  INDEX held_grant_user (user_id),
  INDEX held_grant_held_at (held_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
