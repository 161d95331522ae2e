-- Creates empty lists for one transaction that moves points; the caller fills them and calls points_post before its
-- COMMIT.
--   points_job      jobs whose escrow may change: points_lock_jobs locks them, points_post refunds ended ones
--   points_settled  grants to settle, for grant_settle_held; NULL grant and fair value: the fair value never formed
--   points_due      results to write: EARN and PAYOUT unless they exist (earned), and VEST or VOID by audit_outcome
--   points_move     changes of each account, in the order of its id
-- No errors.
CREATE OR REPLACE PROCEDURE points_begin()
SQL SECURITY DEFINER
BEGIN
  CREATE TEMPORARY TABLE IF NOT EXISTS points_job (
    job_id BIGINT NOT NULL,
    PRIMARY KEY (job_id) USING BTREE
  ) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS points_settled (
    attempt_id BIGINT NOT NULL PRIMARY KEY,
    `grant` BIGINT NULL,
    fair_value BIGINT NULL
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
    fair_value BIGINT NULL,
    boost INT NOT NULL DEFAULT 0,
    payout BIGINT NOT NULL DEFAULT 0,
    earned BOOLEAN NOT NULL DEFAULT FALSE,
    audit_outcome ENUM('vest', 'void') NULL,
    UNIQUE (ref)
  ) ENGINE=MEMORY;
  CREATE TEMPORARY TABLE IF NOT EXISTS points_move (
    account_id BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    total_points BIGINT NOT NULL,
    PRIMARY KEY (account_id) USING BTREE
  ) ENGINE=MEMORY;
  DELETE FROM points_job;
  DELETE FROM points_settled;
  DELETE FROM points_due;
  DELETE FROM points_move;
END
