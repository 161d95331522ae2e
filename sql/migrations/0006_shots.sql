-- Sequences and shots of projects, as artists and their producers see them. Rules for migrations: see 0001_first.sql.

CREATE TABLE IF NOT EXISTS sequence (
  id BIGINT NOT NULL AUTO_INCREMENT,
  project_id BIGINT NOT NULL,
  name VARCHAR(64) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT sequence_pk PRIMARY KEY (id),
  CONSTRAINT sequence_name_unique UNIQUE (project_id, name),
  CONSTRAINT sequence_project_fk FOREIGN KEY (project_id) REFERENCES project (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- project_id: the sequence's, so that a project's shots are paged by one index.
CREATE TABLE IF NOT EXISTS shot (
  id BIGINT NOT NULL AUTO_INCREMENT,
  project_id BIGINT NOT NULL,
  sequence_id BIGINT NOT NULL,
  name VARCHAR(64) NOT NULL,
  state ENUM('waiting', 'work', 'review', 'done') NULL COMMENT 'as somebody said; NULL: as its jobs are',
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT shot_pk PRIMARY KEY (id),
  CONSTRAINT shot_name_unique UNIQUE (sequence_id, name),
  CONSTRAINT shot_sequence_fk FOREIGN KEY (sequence_id) REFERENCES sequence (id),
  INDEX shot_project (project_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

ALTER TABLE job
  ADD COLUMN IF NOT EXISTS shot_id BIGINT NULL,
  ADD INDEX IF NOT EXISTS job_shot (shot_id);
