-- The first schema. Rules for migrations: numbered, forward only, no procedures, and every statement may run twice
-- (IF NOT EXISTS, INSERT IGNORE), because DDL commits by itself and an interrupted migration is simply run again.
-- Ids are BIGINT, times are UTC (the UTC_TIMESTAMP(3) of the procedures), digests are 32 raw bytes of SHA-256.
-- task and attempt hold tens of millions of rows: no foreign keys and no index that nothing reads.

CREATE TABLE IF NOT EXISTS schema_version (
  version INT UNSIGNED NOT NULL,
  name VARCHAR(100) NOT NULL,
  applied_at DATETIME(3) NOT NULL DEFAULT UTC_TIMESTAMP(3),
  CONSTRAINT schema_version_pk PRIMARY KEY (version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS setting (
  name VARCHAR(64) NOT NULL,
  value VARCHAR(4000) NOT NULL,
  changed_at DATETIME(3) NOT NULL DEFAULT UTC_TIMESTAMP(3),
  CONSTRAINT setting_pk PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Numbers handed out in blocks: the ids of a job's tasks are consecutive, attempts are numbered before they are
-- written. The row 'user' counts nothing; it is the lock that makes exactly one person the first.
CREATE TABLE IF NOT EXISTS counter (
  name VARCHAR(16) NOT NULL,
  next_value BIGINT NOT NULL,
  CONSTRAINT counter_pk PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

INSERT IGNORE INTO counter (name, next_value) VALUES ('task', 1), ('attempt', 1), ('user', 1);

-- People -----------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS user (
  id BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(64) NOT NULL,
  email VARCHAR(254) NULL,
  password_hash VARCHAR(255) COLLATE utf8mb4_bin NOT NULL,
  role ENUM('user', 'moderator', 'administrator') NOT NULL DEFAULT 'user',
  wrong_passwords INT UNSIGNED NOT NULL DEFAULT 0,
  locked_until DATETIME(3) NULL,
  points_total BIGINT NOT NULL DEFAULT 0 COMMENT 'millipoints ever vested; rank; spending never lowers it',
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT user_pk PRIMARY KEY (id),
  CONSTRAINT user_name_unique UNIQUE (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS session (
  secret_hash BINARY(32) NOT NULL,
  user_id BIGINT NOT NULL,
  address VARCHAR(64) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  CONSTRAINT session_pk PRIMARY KEY (secret_hash),
  CONSTRAINT session_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
  INDEX session_expires_at (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS token (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  scopes SET('read', 'submit', 'slaves', 'admin') NOT NULL,
  secret_hash BINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  last_used_at DATETIME(3) NULL,
  CONSTRAINT token_pk PRIMARY KEY (id),
  CONSTRAINT token_secret_unique UNIQUE (secret_hash),
  CONSTRAINT token_name_unique UNIQUE (user_id, name),
  CONSTRAINT token_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Slaves and what they can render ----------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS render_method (
  id BIGINT NOT NULL AUTO_INCREMENT,
  name VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT render_method_pk PRIMARY KEY (id),
  CONSTRAINT render_method_name_unique UNIQUE (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS slave (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  name VARCHAR(100) NOT NULL,
  slavekey VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  password_hash BINARY(32) NOT NULL,
  state ENUM('enabled', 'disabled', 'revoked') NOT NULL DEFAULT 'enabled',
  os VARCHAR(200) NOT NULL DEFAULT '',
  cpu VARCHAR(200) NOT NULL DEFAULT '',
  cores INT UNSIGNED NOT NULL DEFAULT 0,
  memory_mib INT UNSIGNED NOT NULL DEFAULT 0,
  address VARCHAR(64) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  last_seen_at DATETIME(3) NULL,
  frames_accepted BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT slave_pk PRIMARY KEY (id),
  CONSTRAINT slave_slavekey_unique UNIQUE (slavekey),
  CONSTRAINT slave_user_fk FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS slave_method (
  slave_id BIGINT NOT NULL,
  method_id BIGINT NOT NULL,
  version VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  benchmark_power INT UNSIGNED NULL COMMENT 'per core, thousandths of the reference core, as benchmarked',
  power INT UNSIGNED NULL COMMENT 'the same, corrected after each accepted result',
  benchmarked_at DATETIME(3) NULL,
  CONSTRAINT slave_method_pk PRIMARY KEY (slave_id, method_id, version),
  CONSTRAINT slave_method_slave_fk FOREIGN KEY (slave_id) REFERENCES slave (id) ON DELETE CASCADE,
  CONSTRAINT slave_method_method_fk FOREIGN KEY (method_id) REFERENCES render_method (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Files ------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS `blob` (
  id BIGINT NOT NULL AUTO_INCREMENT,
  sha256 BINARY(32) NOT NULL,
  size BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  wanted_at DATETIME(3) NOT NULL COMMENT 'last uploaded or asked for; unused ones go a while after this',
  CONSTRAINT blob_pk PRIMARY KEY (id),
  CONSTRAINT blob_sha256_unique UNIQUE (sha256),
  CONSTRAINT blob_size_check CHECK (size >= 0),
  INDEX blob_wanted_at (wanted_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS blob_owner (
  user_id BIGINT NOT NULL,
  blob_id BIGINT NOT NULL,
  CONSTRAINT blob_owner_pk PRIMARY KEY (user_id, blob_id),
  CONSTRAINT blob_owner_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
  CONSTRAINT blob_owner_blob_fk FOREIGN KEY (blob_id) REFERENCES `blob` (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Work -------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS project (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  name VARCHAR(200) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT project_pk PRIMARY KEY (id),
  CONSTRAINT project_name_unique UNIQUE (user_id, name),
  CONSTRAINT project_user_fk FOREIGN KEY (user_id) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The tasks of a job are first_task .. first_task + tasks - 1, in frame order: a range of task's primary key.
CREATE TABLE IF NOT EXISTS job (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  project_id BIGINT NULL,
  method_id BIGINT NOT NULL,
  name VARCHAR(200) NOT NULL,
  state ENUM('active', 'paused', 'finished', 'failed', 'cancelled') NOT NULL DEFAULT 'active',
  reason VARCHAR(1000) NOT NULL DEFAULT '',
  source VARCHAR(1000) NOT NULL,
  parameters JSON NOT NULL,
  output JSON NOT NULL,
  version VARCHAR(64) NOT NULL DEFAULT '',
  warnings JSON NOT NULL,
  priority TINYINT UNSIGNED NOT NULL DEFAULT 50,
  first_task BIGINT NOT NULL,
  tasks INT NOT NULL,
  accepted INT NOT NULL DEFAULT 0,
  failed INT NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  CONSTRAINT job_pk PRIMARY KEY (id),
  CONSTRAINT job_user_fk FOREIGN KEY (user_id) REFERENCES user (id),
  CONSTRAINT job_project_fk FOREIGN KEY (project_id) REFERENCES project (id),
  CONSTRAINT job_method_fk FOREIGN KEY (method_id) REFERENCES render_method (id),
  CONSTRAINT job_priority_check CHECK (priority BETWEEN 1 AND 100),
  CONSTRAINT job_count_check CHECK (accepted >= 0 AND failed >= 0 AND accepted + failed <= tasks),
  INDEX job_state (state),
  INDEX job_user (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS job_file (
  job_id BIGINT NOT NULL,
  number INT UNSIGNED NOT NULL,
  path VARCHAR(1000) COLLATE utf8mb4_bin NOT NULL,
  blob_id BIGINT NOT NULL,
  CONSTRAINT job_file_pk PRIMARY KEY (job_id, number),
  CONSTRAINT job_file_job_fk FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE,
  CONSTRAINT job_file_blob_fk FOREIGN KEY (blob_id) REFERENCES `blob` (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- state 'ready' covers leased tasks too: a lease is a row of lease, so that giving work away writes no task row.
CREATE TABLE IF NOT EXISTS task (
  id BIGINT NOT NULL,
  job_id BIGINT NOT NULL,
  frame INT NOT NULL,
  state ENUM('ready', 'accepted', 'failed', 'cancelled') NOT NULL DEFAULT 'ready',
  failures TINYINT UNSIGNED NOT NULL DEFAULT 0,
  attempt_id BIGINT NULL COMMENT 'the accepted attempt; before that the latest that ended',
  CONSTRAINT task_pk PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Attempts that are out. Small: a row goes when its attempt ends.
CREATE TABLE IF NOT EXISTS lease (
  attempt_id BIGINT NOT NULL,
  task_id BIGINT NOT NULL,
  slave_id BIGINT NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  CONSTRAINT lease_pk PRIMARY KEY (attempt_id),
  INDEX lease_task (task_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Attempts that ended, clustered by task: every question about them is asked per task. superseded: the image was good,
-- but another attempt was first or the job was gone. forgiven: no longer held against its slave (the job was requeued).
-- claim, fair and points belong to the economy and are millipoints.
CREATE TABLE IF NOT EXISTS attempt (
  task_id BIGINT NOT NULL,
  id BIGINT NOT NULL,
  slave_id BIGINT NOT NULL,
  ending ENUM('accepted', 'superseded', 'failed', 'rejected', 'returned', 'expired', 'cancelled') NOT NULL,
  forgiven BOOLEAN NOT NULL DEFAULT FALSE,
  cpu_ms BIGINT NOT NULL DEFAULT 0,
  wall_ms BIGINT NOT NULL DEFAULT 0,
  memory_mib INT UNSIGNED NOT NULL DEFAULT 0,
  ended_at DATETIME(3) NOT NULL,
  output VARCHAR(255) COLLATE utf8mb4_bin NULL,
  output_size BIGINT NULL,
  output_sha256 BINARY(32) NULL,
  reason VARCHAR(1000) NULL,
  claim BIGINT NULL,
  fair BIGINT NULL,
  points BIGINT NULL,
  CONSTRAINT attempt_pk PRIMARY KEY (task_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Which tasks of an unfinished job failed alike (reason_hash: MD5 of the reason without its digits).
-- Cleared when the owner resumes or requeues the job: then the counting starts again.
CREATE TABLE IF NOT EXISTS job_failure (
  job_id BIGINT NOT NULL,
  reason_hash BINARY(16) NOT NULL,
  task_id BIGINT NOT NULL,
  CONSTRAINT job_failure_pk PRIMARY KEY (job_id, reason_hash, task_id),
  CONSTRAINT job_failure_job_fk FOREIGN KEY (job_id) REFERENCES job (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Points: double entry, append only, millipoints -------------------------------------------------------------------

-- 'mint' is account 1; its balance is derived from its entries and its row is never written, or it would be the hottest
-- row of the grid. Every other balance is the sum of its entries and never negative.
CREATE TABLE IF NOT EXISTS account (
  id BIGINT NOT NULL AUTO_INCREMENT,
  kind ENUM('mint', 'pending', 'available', 'escrow') NOT NULL,
  user_id BIGINT NULL,
  job_id BIGINT NULL,
  balance BIGINT NOT NULL DEFAULT 0,
  CONSTRAINT account_pk PRIMARY KEY (id),
  CONSTRAINT account_user_unique UNIQUE (user_id, kind),
  CONSTRAINT account_job_unique UNIQUE (job_id, kind),
  CONSTRAINT account_user_fk FOREIGN KEY (user_id) REFERENCES user (id),
  CONSTRAINT account_balance_check CHECK (balance >= 0),
  CONSTRAINT account_owner_check CHECK (
    (kind = 'mint' AND user_id IS NULL AND job_id IS NULL) OR
    (kind IN ('pending', 'available') AND user_id IS NOT NULL AND job_id IS NULL) OR
    (kind = 'escrow' AND user_id IS NULL AND job_id IS NOT NULL))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

INSERT IGNORE INTO account (id, kind) VALUES (1, 'mint');

-- ref: the attempt's number for earn, vest, void and payout; the spender's id and idempotency key for boost;
-- the job's number for refund; the administrator's key for adjust.
CREATE TABLE IF NOT EXISTS transaction (
  id BIGINT NOT NULL AUTO_INCREMENT,
  kind ENUM('earn', 'vest', 'void', 'boost', 'payout', 'refund', 'adjust') NOT NULL,
  ref VARCHAR(100) COLLATE utf8mb4_bin NOT NULL,
  job_id BIGINT NULL,
  actor_id BIGINT NULL COMMENT 'who did it by hand: boost and adjust',
  created_at DATETIME(3) NOT NULL,
  reason VARCHAR(1000) NULL,
  CONSTRAINT transaction_pk PRIMARY KEY (id),
  CONSTRAINT transaction_kind_ref_unique UNIQUE (kind, ref)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS entry (
  transaction_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  CONSTRAINT entry_pk PRIMARY KEY (transaction_id, account_id),
  CONSTRAINT entry_amount_check CHECK (amount <> 0),
  INDEX entry_account (account_id, transaction_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- What happened, for people to read; outlives what it speaks of, so no foreign keys ---------------------------------

CREATE TABLE IF NOT EXISTS event (
  id BIGINT NOT NULL AUTO_INCREMENT,
  created_at DATETIME(3) NOT NULL,
  kind VARCHAR(32) COLLATE utf8mb4_bin NOT NULL,
  user_id BIGINT NULL,
  slave_id BIGINT NULL,
  job_id BIGINT NULL,
  message VARCHAR(1000) NOT NULL,
  CONSTRAINT event_pk PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
