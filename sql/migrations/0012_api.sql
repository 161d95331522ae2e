-- What the final API keeps. Rules for migrations: README.md.

-- A request that creates something and names an Idempotency-Key: what it created and what it was answered. A row lives
-- for a day. request_sha256: of method, path and body. created_id: written in the transaction that creates. answer:
-- sealed, because it may hold a secret; NULL: the server was killed before it had answered.
CREATE TABLE IF NOT EXISTS idempotent_request (
  user_id BIGINT NOT NULL,
  idempotency_key VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_sha256 BINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  created_id BIGINT NULL,
  answer MEDIUMBLOB NULL,
  PRIMARY KEY (user_id, idempotency_key),
  INDEX idempotent_request_created_at (created_at),
  CONSTRAINT idempotent_request_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
);

-- Raised with every change by hand, as job.revision is; whoever changes a row may say which one was looked at.
ALTER TABLE slave ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE shot ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 1;
ALTER TABLE user ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 1;

-- Tasks are found by their number alone.
ALTER TABLE job ADD INDEX IF NOT EXISTS job_first_task_id (first_task_id);
