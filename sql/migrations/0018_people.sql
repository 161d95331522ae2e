-- Accounts in their owners' hands: sessions that can be told apart, accounts that can be deleted, passwords that can be
-- reset, invitations; projects that can be changed; submissions that can be looked at. Rules: README.md.

ALTER TABLE session
  ADD COLUMN IF NOT EXISTS id BIGINT NOT NULL AUTO_INCREMENT,
  ADD UNIQUE INDEX IF NOT EXISTS session_id_unique (id);
ALTER TABLE session
  ADD COLUMN IF NOT EXISTS last_seen_at DATETIME(3) NULL,
  ADD COLUMN IF NOT EXISTS user_agent VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'as the program named itself';

-- What refers to a deleted account keeps doing so: points stay accounted for, and nobody is mistaken for somebody else.
ALTER TABLE user MODIFY COLUMN name VARCHAR(64) NULL COMMENT 'NULL: the account was deleted';

ALTER TABLE project ADD COLUMN IF NOT EXISTS revision BIGINT NOT NULL DEFAULT 1;

-- What a submission is answered with, as long as its jobs are there.
ALTER TABLE job
  ADD COLUMN IF NOT EXISTS is_final_output BOOLEAN NOT NULL DEFAULT TRUE
    COMMENT 'FALSE: only another job is made of its output',
  ADD COLUMN IF NOT EXISTS output_folder VARCHAR(200) NOT NULL DEFAULT '' COMMENT 'beside those of its submission',
  ADD INDEX IF NOT EXISTS job_submission_id (submission_id);

-- A link by which somebody sets a new password. What is secret in it is derived from the server's key and never here.
CREATE TABLE IF NOT EXISTS password_reset (
  id BIGINT NOT NULL AUTO_INCREMENT,
  user_id BIGINT NULL COMMENT 'NULL: there is nobody of that name; written all the same, so that it takes as long',
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL COMMENT 'used, or ended by another password or address',
  CONSTRAINT password_reset_pk PRIMARY KEY (id),
  CONSTRAINT password_reset_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE CASCADE,
  INDEX password_reset_user (user_id, created_at),
  INDEX password_reset_created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

ALTER TABLE notification
  MODIFY kind ENUM('job_done', 'job_paused', 'slave_offline', 'points', 'test', 'confirm', 'reset') NOT NULL;

-- By one of these somebody makes an account while registration is closed.
CREATE TABLE IF NOT EXISTS invitation (
  id BIGINT NOT NULL AUTO_INCREMENT,
  secret_hash BINARY(32) NOT NULL,
  user_id BIGINT NOT NULL COMMENT 'who invites',
  note VARCHAR(100) NOT NULL COMMENT 'for whom it is',
  created_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  used_at DATETIME(3) NULL,
  used_by_user_id BIGINT NULL,
  CONSTRAINT invitation_pk PRIMARY KEY (id),
  CONSTRAINT invitation_secret_unique UNIQUE (secret_hash),
  CONSTRAINT invitation_user_fk FOREIGN KEY (user_id) REFERENCES user (id),
  CONSTRAINT invitation_used_by_user_fk FOREIGN KEY (used_by_user_id) REFERENCES user (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
