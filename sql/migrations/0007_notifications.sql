-- Who wants to be told what, and what is on its way to them. Rules for migrations: see 0001_first.sql.

-- The secret signs what is sent there; it is known to the server and to its owner.
CREATE TABLE IF NOT EXISTS notification_target (
  user_id BIGINT NOT NULL,
  webhook_url VARCHAR(1000) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  webhook_secret VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  CONSTRAINT notification_target_pk PRIMARY KEY (user_id),
  CONSTRAINT notification_target_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

CREATE TABLE IF NOT EXISTS notification_choice (
  user_id BIGINT NOT NULL,
  kind ENUM('job_done', 'job_paused', 'slave_offline', 'points') NOT NULL,
  channel ENUM('mail', 'webhook', 'browser') NOT NULL,
  chosen_at DATETIME(3) NOT NULL COMMENT 'what happened before is not told',
  CONSTRAINT notification_choice_pk PRIMARY KEY (user_id, kind, channel),
  CONSTRAINT notification_choice_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
  INDEX notification_choice_kind (kind)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The outbox, and for 30 days what became of it. A row waits until it was sent or given up; due_at is when it is tried
-- (again), and while it is being sent a time after which somebody else may. event_id: what it tells of; NULL: a test.
CREATE TABLE IF NOT EXISTS notification (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  kind ENUM('job_done', 'job_paused', 'slave_offline', 'points', 'test') NOT NULL,
  channel ENUM('mail', 'webhook', 'browser') NOT NULL,
  event_id BIGINT NULL,
  job_id BIGINT NULL,
  slave_id BIGINT NULL,
  message VARCHAR(1000) NOT NULL,
  state ENUM('waiting', 'sent', 'given_up') NOT NULL DEFAULT 'waiting',
  attempts TINYINT UNSIGNED NOT NULL DEFAULT 0,
  problem VARCHAR(500) NOT NULL DEFAULT '',
  created_at DATETIME(3) NOT NULL,
  due_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  CONSTRAINT notification_pk PRIMARY KEY (id),
  CONSTRAINT notification_event_unique UNIQUE (event_id, channel, user_id),
  CONSTRAINT notification_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
  INDEX notification_due (state, due_at),
  INDEX notification_user (user_id, id),
  INDEX notification_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Slaves whose owners want to be told when they are gone, from the first time that they were seen.
CREATE TABLE IF NOT EXISTS slave_watch (
  slave_id BIGINT NOT NULL,
  missing_since DATETIME(3) NULL,
  told BOOLEAN NOT NULL DEFAULT FALSE,
  CONSTRAINT slave_watch_pk PRIMARY KEY (slave_id),
  CONSTRAINT slave_watch_slave_fk FOREIGN KEY (slave_id) REFERENCES slave (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- The newest event that was looked at. What happened before there were notifications is told to nobody.
INSERT IGNORE INTO counter (name, next_value) SELECT 'notified_event', COALESCE(MAX(id), 0) FROM event;
