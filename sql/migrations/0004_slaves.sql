-- Slaves: what they say of their machines, and what their owners ask of them. Rules for migrations: see 0001_first.sql.

ALTER TABLE slave
  ADD COLUMN IF NOT EXISTS gpus VARCHAR(2000) NOT NULL DEFAULT '' COMMENT 'JSON: their names',
  ADD COLUMN IF NOT EXISTS settings VARCHAR(4000) NOT NULL DEFAULT '' COMMENT 'JSON: as asked for from afar';

-- Telemetry by the hour, kept for a year: 24 * 366 rows a slave of some 80 bytes. load in hundredths.
CREATE TABLE IF NOT EXISTS slave_hour (
  slave_id BIGINT NOT NULL,
  hour_at DATETIME NOT NULL COMMENT 'UTC, when the hour begins',
  samples SMALLINT UNSIGNED NOT NULL,
  rendering SMALLINT UNSIGNED NOT NULL COMMENT 'samples in which it rendered',
  load_mean INT UNSIGNED NULL,
  load_max INT UNSIGNED NULL,
  cpu_mean TINYINT UNSIGNED NULL,
  cpu_max TINYINT UNSIGNED NULL,
  memory_mean INT UNSIGNED NULL COMMENT 'MiB in use',
  memory_max INT UNSIGNED NULL,
  temperature_mean TINYINT UNSIGNED NULL,
  temperature_max TINYINT UNSIGNED NULL,
  disk_least INT UNSIGNED NULL COMMENT 'MiB free',
  CONSTRAINT slave_hour_pk PRIMARY KEY (slave_id, hour_at),
  CONSTRAINT slave_hour_slave_fk FOREIGN KEY (slave_id) REFERENCES slave (id) ON DELETE CASCADE,
  INDEX slave_hour_hour_at (hour_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;

-- Work that a slave's owner keeps from it, beside what the slave itself says. target: the id of the user, project or
-- job.
CREATE TABLE IF NOT EXISTS slave_block (
  slave_id BIGINT NOT NULL,
  kind ENUM('user', 'project', 'job') NOT NULL,
  target BIGINT NOT NULL,
  created_at DATETIME(3) NOT NULL,
  CONSTRAINT slave_block_pk PRIMARY KEY (slave_id, kind, target),
  CONSTRAINT slave_block_slave_fk FOREIGN KEY (slave_id) REFERENCES slave (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
