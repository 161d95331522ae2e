-- Long work that somebody asked for, done by the server one at a time. Rules: README.md.

-- kind: ledger_check, or job_deletion with target_id, the job. state: queued, running, succeeded or failed. result:
-- JSON of what was found out; problem_*: why it failed. try_count: how often it was begun. A row lives for a week after
-- its end.
CREATE TABLE IF NOT EXISTS operation (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target_id BIGINT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'queued',
  try_count INT NOT NULL DEFAULT 0,
  result MEDIUMTEXT NULL,
  problem_code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  problem_detail VARCHAR(2000) NULL,
  created_at DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  CONSTRAINT operation_pk PRIMARY KEY (id),
  INDEX operation_state (state, id),
  INDEX operation_user (user_id, state),
  INDEX operation_finished_at (finished_at),
  CONSTRAINT operation_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
);
