-- What renderers warn of, the files that a frame has besides its first, and who paused a job. Rules for migrations:
-- README.md.

-- Of an attempt that is the result of its task, or failed: once per kind. count: how often it was said. kind: MD5 of
-- code and message.
CREATE TABLE IF NOT EXISTS attempt_warning (
  task_id BIGINT NOT NULL,
  attempt_id BIGINT NOT NULL,
  number TINYINT UNSIGNED NOT NULL,
  kind BINARY(16) NOT NULL,
  code VARCHAR(60) COLLATE utf8mb4_bin NOT NULL COMMENT 'empty: the renderer gave none',
  message VARCHAR(1000) NOT NULL,
  count INT UNSIGNED NOT NULL,
  CONSTRAINT attempt_warning_pk PRIMARY KEY (task_id, attempt_id, number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Their sums over the attempts with which tasks of the job ended.
CREATE TABLE IF NOT EXISTS job_warning (
  job_id BIGINT NOT NULL,
  kind BINARY(16) NOT NULL,
  code VARCHAR(60) COLLATE utf8mb4_bin NOT NULL,
  message VARCHAR(1000) NOT NULL,
  count BIGINT NOT NULL,
  task_count INT NOT NULL,
  CONSTRAINT job_warning_pk PRIMARY KEY (job_id, kind),
  CONSTRAINT job_warning_job_fk FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The files of a task's result after its first, which stands in attempt. Two files of a job never have one name.
CREATE TABLE IF NOT EXISTS attempt_output (
  task_id BIGINT NOT NULL,
  attempt_id BIGINT NOT NULL,
  number TINYINT UNSIGNED NOT NULL COMMENT 'from 1 on',
  job_id BIGINT NOT NULL,
  name VARCHAR(255) COLLATE utf8mb4_bin NOT NULL COMMENT 'below output/',
  size_bytes BIGINT NOT NULL,
  sha256 BINARY(32) NOT NULL,
  width INT UNSIGNED NOT NULL COMMENT 'as the server found it',
  height INT UNSIGNED NOT NULL,
  format VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  CONSTRAINT attempt_output_pk PRIMARY KEY (task_id, attempt_id, number),
  CONSTRAINT attempt_output_name_unique UNIQUE (job_id, name),
  CONSTRAINT attempt_output_size_bytes_check CHECK (size_bytes > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Of a paused job; who waits for it in a script is told unless its owner did it.
ALTER TABLE job ADD COLUMN IF NOT EXISTS paused_by ENUM('owner', 'moderator', 'server') NULL AFTER state_reason;
UPDATE job SET paused_by = 'server' WHERE state = 'paused' AND paused_by IS NULL AND state_reason LIKE 'paused: %';
UPDATE job SET paused_by = 'owner' WHERE state = 'paused' AND paused_by IS NULL;
