-- Why attempts failed, as a code, and which slaves say that a job's frames fail. Rules for migrations: README.md.

-- A code of a slave's result (camera_missing), or the server's own (wrong_size, lease_expired). NULL: nobody said, or
-- it is an attempt of before.
ALTER TABLE attempt
  ADD COLUMN IF NOT EXISTS failure_code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL AFTER failure_reason;

-- One person's slaves pause no job of others: each slave that says so is remembered. 0: of before.
ALTER TABLE job_failure ADD COLUMN IF NOT EXISTS slave_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE job_failure DROP PRIMARY KEY, ADD PRIMARY KEY (job_id, reason_hash, task_id, slave_id);
