-- E-mail addresses count when their owner has confirmed them. Rules for migrations: see 0001_first.sql.

-- Another address than the one that was confirmed is not confirmed.
ALTER TABLE user
  ADD COLUMN IF NOT EXISTS email_confirmed VARCHAR(254) NULL COMMENT 'the address that a code from there was given for';

-- The code that is on its way to a user's address, and how often a wrong one was given.
CREATE TABLE IF NOT EXISTS mail_code (
  user_id BIGINT NOT NULL,
  email VARCHAR(254) NOT NULL,
  code CHAR(8) COLLATE utf8mb4_bin NOT NULL,
  tries TINYINT UNSIGNED NOT NULL DEFAULT 0,
  expires_at DATETIME(3) NOT NULL,
  CONSTRAINT mail_code_pk PRIMARY KEY (user_id),
  CONSTRAINT mail_code_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Which addresses codes went to in the last day, so that nobody has a stranger flooded.
CREATE TABLE IF NOT EXISTS mail_code_sent (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NOT NULL,
  email VARCHAR(254) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT mail_code_sent_pk PRIMARY KEY (id),
  INDEX mail_code_sent_user (user_id, created_at),
  INDEX mail_code_sent_email (email, created_at),
  INDEX mail_code_sent_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

ALTER TABLE notification
  MODIFY kind ENUM('job_done', 'job_paused', 'slave_offline', 'points', 'test', 'confirm') NOT NULL;
