-- Empty lists for one transaction that moves points; whoever fills them calls points_post before its COMMIT.
--   points_job   jobs whose escrow may change: locked by points_lock_jobs, refunded by points_post when they have ended
--   points_held  grants to settle, for points_take_held; NULL grant and fair: the fair value never formed
--   points_due   results to write: EARN and PAYOUT unless they are there (earned), and VEST or VOID when fate says so
--   points_move  what every account gets, in the order of its number
-- No errors.
CREATE OR REPLACE PROCEDURE points_begin()
SQL SECURITY DEFINER
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS points_job (
    job_id BIGINT NOT NULL,
    PRIMARY KEY (job_id) USING BTREE
  ) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS points_held (
    attempt_id BIGINT NOT NULL PRIMARY KEY,
    `grant` BIGINT NULL,
    fair BIGINT NULL
  ) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS points_due (
    attempt_id BIGINT NOT NULL PRIMARY KEY,
    ref VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    task_id BIGINT NULL,
    job_id BIGINT NULL,
    slave_id BIGINT NULL,
    frame INT NULL,
    pending_id BIGINT NOT NULL,
    available_id BIGINT NOT NULL,
    escrow_id BIGINT NULL COMMENT 'where a payout comes from; for a void one, where it returns to',
    points BIGINT NOT NULL,
    fair BIGINT NULL,
    boost INT NOT NULL DEFAULT 0,
    payout BIGINT NOT NULL DEFAULT 0,
    earned BOOLEAN NOT NULL DEFAULT FALSE,
    fate ENUM('vest', 'void') NULL,
    UNIQUE (ref)
  ) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS points_move (
    account_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (account_id) USING BTREE
  ) ENGINE=MEMORY;
  DELETE FROM points_job;
  DELETE FROM points_held;
  DELETE FROM points_due;
  DELETE FROM points_move;
END
