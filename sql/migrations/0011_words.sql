-- Tables, columns and indexes get the names that the program, its API and its pages use. Values stay as they are; every
-- rename is done in place. Rules for migrations: README.md.

-- Users and their e-mail addresses. failed_logins: since the last successful one.
ALTER TABLE user
  RENAME COLUMN IF EXISTS wrong_passwords TO failed_logins,
  CHANGE COLUMN IF EXISTS email_confirmed confirmed_email VARCHAR(254) NULL
    COMMENT 'by a code, notifications go there while email is the same';
RENAME TABLE IF EXISTS mail_code TO email_code, mail_code_sent TO email_code_sent;
ALTER TABLE email_code
  RENAME COLUMN IF EXISTS tries TO try_count,
  DROP FOREIGN KEY IF EXISTS mail_code_user_fk,
  ADD CONSTRAINT email_code_user_fk FOREIGN KEY IF NOT EXISTS email_code_user_fk (user_id) REFERENCES user (id)
    ON DELETE CASCADE;
ALTER TABLE email_code_sent
  RENAME INDEX IF EXISTS mail_code_sent_user TO email_code_sent_user,
  RENAME INDEX IF EXISTS mail_code_sent_email TO email_code_sent_email,
  RENAME INDEX IF EXISTS mail_code_sent_created_at TO email_code_sent_created_at;

-- Slaves. remote_settings: JSON, '' for none. target_id: of the user, project or job.
ALTER TABLE slave
  RENAME COLUMN IF EXISTS cpu TO cpu_model,
  CHANGE COLUMN IF EXISTS settings remote_settings VARCHAR(4000) NOT NULL DEFAULT '' COMMENT 'JSON, set by the owner';
ALTER TABLE slave_block RENAME COLUMN IF EXISTS target TO target_id;
ALTER TABLE slave_watch
  RENAME COLUMN IF EXISTS missing_since TO offline_since,
  RENAME COLUMN IF EXISTS told TO notified;

-- starts_at: UTC. rendering_count: samples in which the slave rendered. load in hundredths.
RENAME TABLE IF EXISTS slave_hour TO slave_telemetry_hour;
ALTER TABLE slave_telemetry_hour
  RENAME COLUMN IF EXISTS hour_at TO starts_at,
  RENAME COLUMN IF EXISTS samples TO sample_count,
  CHANGE COLUMN IF EXISTS rendering rendering_count SMALLINT UNSIGNED NOT NULL COMMENT 'samples while rendering',
  RENAME COLUMN IF EXISTS load_mean TO mean_load,
  RENAME COLUMN IF EXISTS load_max TO max_load,
  RENAME COLUMN IF EXISTS cpu_mean TO mean_cpu_percent,
  RENAME COLUMN IF EXISTS cpu_max TO max_cpu_percent,
  RENAME COLUMN IF EXISTS memory_mean TO mean_memory_used_mib,
  RENAME COLUMN IF EXISTS memory_max TO max_memory_used_mib,
  RENAME COLUMN IF EXISTS temperature_mean TO mean_temperature_c,
  RENAME COLUMN IF EXISTS temperature_max TO max_temperature_c,
  RENAME COLUMN IF EXISTS disk_least TO min_disk_free_mib,
  RENAME INDEX IF EXISTS slave_hour_hour_at TO slave_telemetry_hour_starts_at,
  DROP FOREIGN KEY IF EXISTS slave_hour_slave_fk,
  ADD CONSTRAINT slave_telemetry_hour_slave_fk FOREIGN KEY IF NOT EXISTS slave_telemetry_hour_slave_fk (slave_id)
    REFERENCES slave (id) ON DELETE CASCADE;

-- Files.
ALTER TABLE `blob`
  DROP CONSTRAINT IF EXISTS blob_size_check,
  RENAME COLUMN IF EXISTS size TO size_bytes,
  CHANGE COLUMN IF EXISTS wanted_at last_used_at DATETIME(3) NOT NULL
    COMMENT 'last uploaded or requested, unused blobs are deleted later',
  RENAME INDEX IF EXISTS blob_wanted_at TO blob_last_used_at,
  ADD CONSTRAINT IF NOT EXISTS blob_size_bytes_check CHECK (size_bytes >= 0);

-- Jobs, tasks and attempts. The tasks of a job are first_task_id .. first_task_id + task_count - 1. waiting_since: when
-- a job without accepted frames was resumed; NULL: it waits since it was created. min_claim: smallest claim of other
-- users, millipoints.
ALTER TABLE job
  DROP CONSTRAINT IF EXISTS job_count_check,
  DROP CONSTRAINT IF EXISTS job_tiles_check,
  RENAME COLUMN IF EXISTS reason TO state_reason,
  RENAME COLUMN IF EXISTS source TO main_file,
  RENAME COLUMN IF EXISTS version TO min_version,
  RENAME COLUMN IF EXISTS first_task TO first_task_id,
  RENAME COLUMN IF EXISTS tasks TO task_count,
  RENAME COLUMN IF EXISTS accepted TO accepted_count,
  RENAME COLUMN IF EXISTS failed TO failed_count,
  RENAME COLUMN IF EXISTS tiles TO tiles_per_frame,
  RENAME COLUMN IF EXISTS after_job TO depends_on_job_id,
  RENAME COLUMN IF EXISTS submission TO submission_id,
  RENAME COLUMN IF EXISTS least_claim TO min_claim,
  RENAME COLUMN IF EXISTS waits_since TO waiting_since,
  CHANGE COLUMN IF EXISTS held needs_approval BOOLEAN NOT NULL DEFAULT FALSE
    COMMENT 'only its test frames are rendered until it is approved',
  RENAME INDEX IF EXISTS job_after TO job_depends_on_job,
  ADD CONSTRAINT IF NOT EXISTS job_counts_check CHECK (accepted_count >= 0 AND failed_count >= 0
    AND accepted_count + failed_count <= task_count),
  ADD CONSTRAINT IF NOT EXISTS job_tiles_per_frame_check CHECK (tiles_per_frame BETWEEN 1 AND 4096);
ALTER TABLE task RENAME COLUMN IF EXISTS failures TO failure_count;

-- grant_limit: 1.25 * demonstrated power * wall time by the server's clock. granted: NULL while the grant is held, 0
-- for one's own job. Both and fair_value: millipoints.
ALTER TABLE attempt
  RENAME COLUMN IF EXISTS ending TO outcome,
  RENAME COLUMN IF EXISTS memory_mib TO peak_memory_mib,
  RENAME COLUMN IF EXISTS output TO output_name,
  RENAME COLUMN IF EXISTS output_size TO output_size_bytes,
  RENAME COLUMN IF EXISTS reason TO failure_reason,
  RENAME COLUMN IF EXISTS fair TO fair_value,
  RENAME COLUMN IF EXISTS bound TO grant_limit,
  RENAME COLUMN IF EXISTS points TO granted;

-- Points. audit_outcome: of an audit that ended before the grant was known. total_points: millipoints ever vested.
ALTER TABLE held_grant RENAME COLUMN IF EXISTS fate TO audit_outcome;
ALTER TABLE account
  CHANGE COLUMN IF EXISTS total total_points BIGINT NOT NULL DEFAULT 0
    COMMENT 'of available: millipoints ever vested, decides the rank';

-- Shots.
ALTER TABLE shot
  MODIFY state ENUM('waiting', 'work', 'review', 'done') NULL COMMENT 'set manually, NULL: derived from its jobs';

-- Activity: what happened, for administrators and notifications; a row outlives what it names. Counter
-- notification: the newest activity of which notifications were created.
RENAME TABLE IF EXISTS event TO activity;
ALTER TABLE activity RENAME INDEX IF EXISTS event_kind TO activity_kind;
ALTER TABLE notification
  RENAME COLUMN IF EXISTS event_id TO activity_id,
  RENAME COLUMN IF EXISTS attempts TO try_count,
  RENAME INDEX IF EXISTS notification_event_unique TO notification_activity_unique;
ALTER TABLE notification_choice
  MODIFY chosen_at DATETIME(3) NOT NULL COMMENT 'no notification of earlier activity';
UPDATE counter SET name = 'notification' WHERE name = 'notified_event';

-- Statistics by hour and day. starts_at: UTC.
--   frames_accepted to points_earned   of the user's slaves
--   frames_delivered to max_wait_ms    of the user's jobs
--   sample_count to max_frames_leased  sums and maxima of the samples; a mean is the sum by the samples of user 0
ALTER TABLE statistic_hour
  RENAME COLUMN IF EXISTS hour_at TO starts_at,
  RENAME COLUMN IF EXISTS frames TO frames_accepted,
  RENAME COLUMN IF EXISTS failures TO attempts_failed,
  RENAME COLUMN IF EXISTS points TO points_earned,
  RENAME COLUMN IF EXISTS received TO frames_delivered,
  RENAME COLUMN IF EXISTS begun TO jobs_started,
  RENAME COLUMN IF EXISTS wait_most_ms TO max_wait_ms,
  RENAME COLUMN IF EXISTS samples TO sample_count,
  RENAME COLUMN IF EXISTS slaves_sum TO sum_slaves_online,
  RENAME COLUMN IF EXISTS slaves_most TO max_slaves_online,
  RENAME COLUMN IF EXISTS power_sum TO sum_power_online,
  RENAME COLUMN IF EXISTS power_most TO max_power_online,
  RENAME COLUMN IF EXISTS ready_sum TO sum_frames_ready,
  RENAME COLUMN IF EXISTS ready_most TO max_frames_ready,
  RENAME COLUMN IF EXISTS leased_sum TO sum_frames_leased,
  RENAME COLUMN IF EXISTS leased_most TO max_frames_leased,
  RENAME INDEX IF EXISTS statistic_hour_hour_at TO statistic_hour_starts_at;
ALTER TABLE statistic_day
  RENAME COLUMN IF EXISTS hour_at TO starts_at,
  RENAME COLUMN IF EXISTS frames TO frames_accepted,
  RENAME COLUMN IF EXISTS failures TO attempts_failed,
  RENAME COLUMN IF EXISTS points TO points_earned,
  RENAME COLUMN IF EXISTS received TO frames_delivered,
  RENAME COLUMN IF EXISTS begun TO jobs_started,
  RENAME COLUMN IF EXISTS wait_most_ms TO max_wait_ms,
  RENAME COLUMN IF EXISTS samples TO sample_count,
  RENAME COLUMN IF EXISTS slaves_sum TO sum_slaves_online,
  RENAME COLUMN IF EXISTS slaves_most TO max_slaves_online,
  RENAME COLUMN IF EXISTS power_sum TO sum_power_online,
  RENAME COLUMN IF EXISTS power_most TO max_power_online,
  RENAME COLUMN IF EXISTS ready_sum TO sum_frames_ready,
  RENAME COLUMN IF EXISTS ready_most TO max_frames_ready,
  RENAME COLUMN IF EXISTS leased_sum TO sum_frames_leased,
  RENAME COLUMN IF EXISTS leased_most TO max_frames_leased,
  RENAME INDEX IF EXISTS statistic_hour_hour_at TO statistic_day_starts_at;

-- What administrators set, by the names of distrend.toml; points.grant_by is written at each start.
UPDATE IGNORE setting SET name = 'times.session_seconds' WHERE name = 'times.session';
DELETE FROM setting WHERE name IN ('times.session', 'trust');
