-- Renderers by version and build: a job is rendered by one of them alone, a slave's power is that of one, and the grid
-- delivers those that an administrator added. Jobs of before have none chosen: their next order does.

-- A build is the SHA-256 of a delivered archive, '' a program that volunteers installed. The device was a part of the
-- version: "3.4.1+OPTIX".
ALTER TABLE slave_method
  ADD COLUMN IF NOT EXISTS build VARBINARY(32) NOT NULL DEFAULT '' COMMENT 'of a delivered archive, else installed'
    AFTER version,
  ADD COLUMN IF NOT EXISTS device VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT '' COMMENT 'empty: the processor'
    AFTER build,
  ADD COLUMN IF NOT EXISTS engines VARCHAR(2000) NOT NULL DEFAULT '' COMMENT 'JSON: those that rendered, else unknown',
  ADD COLUMN IF NOT EXISTS is_fetched BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'FALSE: it may be delivered',
  DROP PRIMARY KEY,
  ADD CONSTRAINT slave_method_pk PRIMARY KEY (slave_id, method_id, version, build, device);
UPDATE slave_method SET device = SUBSTRING(version, LOCATE('+', version) + 1),
  version = SUBSTRING_INDEX(version, '+', 1)
WHERE version LIKE '%+%';

ALTER TABLE job
  ADD COLUMN IF NOT EXISTS renderer_version VARCHAR(64) COLLATE utf8mb4_bin NOT NULL DEFAULT ''
    COMMENT 'exact, else the next order chooses it',
  ADD COLUMN IF NOT EXISTS renderer_build VARBINARY(32) NOT NULL DEFAULT '' COMMENT 'of it, as in slave_method',
  ADD COLUMN IF NOT EXISTS wanted_version VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'by the owner, or its beginning',
  ADD COLUMN IF NOT EXISTS saved_version VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'that saved the main file',
  ADD COLUMN IF NOT EXISTS engine VARCHAR(64) NOT NULL DEFAULT '' COMMENT 'that it renders with, else unknown',
  ADD INDEX IF NOT EXISTS job_renderer_build (renderer_build);

-- Archives that the grid delivers. The signature is the grid's, over text that common/render/renderer_archive.h says.
CREATE TABLE IF NOT EXISTS renderer (
  id BIGINT NOT NULL AUTO_INCREMENT,
  method_id BIGINT NOT NULL,
  version VARCHAR(64) COLLATE utf8mb4_bin NOT NULL,
  blob_id BIGINT NOT NULL,
  file_name VARCHAR(200) NOT NULL COMMENT 'as its administrator called it',
  platform VARCHAR(32) NOT NULL,
  layout ENUM('program', 'tree') NOT NULL COMMENT 'with the libraries of the host, or with its own',
  unpacked_bytes BIGINT NOT NULL,
  signature BINARY(64) NOT NULL,
  is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  user_id BIGINT NULL COMMENT 'who added it, NULL when the account is gone',
  created_at DATETIME(3) NOT NULL,
  revision BIGINT NOT NULL DEFAULT 1,
  CONSTRAINT renderer_pk PRIMARY KEY (id),
  CONSTRAINT renderer_blob_unique UNIQUE (blob_id),
  CONSTRAINT renderer_method_fk FOREIGN KEY (method_id) REFERENCES render_method (id),
  CONSTRAINT renderer_blob_fk FOREIGN KEY (blob_id) REFERENCES `blob` (id),
  CONSTRAINT renderer_user_fk FOREIGN KEY (user_id) REFERENCES user (id) ON DELETE SET NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
