-- What the grid did, by the hour and by the day, and who may be kept out of it. Rules for migrations: see
-- 0001_first.sql.

-- One row for each user who had something in that hour, and one of user 0, which is the whole grid. Written by the
-- journal's batches (what slaves and jobs did) and once a minute (how much there was); read by key, never summed up
-- from tasks. Hours are kept for 40 days, days for 10 years: 40 * 24 and 366 * 10 rows of some 150 bytes a user.
--   frames to points   what the user's slaves did: accepted frames, their times, attempts that failed, millipoints
--   received to wait_most_ms   what the user's jobs got: accepted frames, jobs that began, how long these waited
--   samples to leased_most     sums and most of what there was at each sample; power in thousandths of a reference
--                              core.
--                              A mean is the sum by the samples of user 0: who had nothing was not written down.
CREATE TABLE IF NOT EXISTS statistic_hour (
  user_id BIGINT NOT NULL,
  hour_at DATETIME NOT NULL COMMENT 'UTC, when the hour begins',
  frames BIGINT NOT NULL DEFAULT 0,
  failures BIGINT NOT NULL DEFAULT 0,
  cpu_ms BIGINT NOT NULL DEFAULT 0,
  wall_ms BIGINT NOT NULL DEFAULT 0,
  points BIGINT NOT NULL DEFAULT 0,
  received BIGINT NOT NULL DEFAULT 0,
  begun BIGINT NOT NULL DEFAULT 0,
  wait_ms BIGINT NOT NULL DEFAULT 0,
  wait_most_ms BIGINT NOT NULL DEFAULT 0,
  samples INT NOT NULL DEFAULT 0,
  slaves_sum BIGINT NOT NULL DEFAULT 0,
  slaves_most BIGINT NOT NULL DEFAULT 0,
  power_sum BIGINT NOT NULL DEFAULT 0,
  power_most BIGINT NOT NULL DEFAULT 0,
  ready_sum BIGINT NOT NULL DEFAULT 0,
  ready_most BIGINT NOT NULL DEFAULT 0,
  leased_sum BIGINT NOT NULL DEFAULT 0,
  leased_most BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT statistic_hour_pk PRIMARY KEY (user_id, hour_at),
  INDEX statistic_hour_hour_at (hour_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS statistic_day LIKE statistic_hour;

-- The day that is rolled up next, as TO_DAYS has it; from it on days are read from their hours.
INSERT IGNORE INTO counter (name, next_value) VALUES ('statistic_day', TO_DAYS(UTC_DATE()));

-- When a job that waited for its owner was let go, if nothing of it was accepted before: it waits for the grid since
-- then and not since it was made.
ALTER TABLE job
  ADD COLUMN IF NOT EXISTS waits_since DATETIME(3) NULL;

-- A user who is blocked has no session, no token and no slave that gets in.
ALTER TABLE user
  ADD COLUMN IF NOT EXISTS blocked_at DATETIME(3) NULL,
  ADD COLUMN IF NOT EXISTS blocked_reason VARCHAR(1000) NULL;

-- Events are read newest first, of all kinds or of one.
ALTER TABLE event ADD INDEX IF NOT EXISTS event_kind (kind, id);
