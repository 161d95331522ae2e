-- Writes one batch of the dispatcher in one transaction: leases, outcomes of attempts, and what follows from them for
-- tasks, jobs and slaves. Idempotent: the same batch again changes nothing and returns the same rows.
--   p_leases    [[attempt, task, slave, expiry (UNIX ms)]...]; an existing lease is only prolonged
--   p_outcomes  [[attempt, task, slave, outcome, CPU ms, wall ms, peak memory MiB, is_last, reason, output_name, size,
--               sha256, claim, fair value, requested grant, grant limit, boost, failure_code, counts, warnings,
--               outputs]...]
--               is_last: 1 when the task has no further attempt; output_name to boost: accepted ones only
--               failure_code: of others, '' when unknown; counts: 1 when it counts against the task
--               warnings: [[code, message, count]...], each kind once
--               outputs: of accepted ones the files after the first, [[name, size, sha256, width, height, format]...]
--               claim to grant limit are millipoints, see journal_write_grants; without a claim nothing is granted
-- Rows: (0, number, verdict, granted) per outcome in order; (1, job, '', NULL, revision) per job that finished; (2,
-- job, reason, NULL, revision, priority, needs_approval) per job that was paused; (3, job, 'user accepted failed
-- state', NULL, revision, submission) per job whose counts changed, also of those that fail because the job that they
-- are made of failed, which are rows (5, job, reason, NULL, revision), too; (4, job, its warnings as
-- job_warnings_text has them) per job whose warnings changed. granted: NULL when there is none or the grant is held.
-- Verdicts: accepted (it is the task's result), superseded (another attempt's image is), ended (good, but the attempt
-- or its task had ended before), recorded, unknown (no such task). A result whose lease has expired counts while the
-- task is open; one without an output_name never counts and only gets a verdict. An accepted task never changes.
-- No errors.
CREATE OR REPLACE PROCEDURE journal_write(IN p_leases LONGTEXT, IN p_outcomes LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_rows INT;
  DECLARE v_jobs INT;
  DECLARE v_locked INT;
  DECLARE v_attempts INT;
  DECLARE v_tasks INT;
  DECLARE v_bad INT;
  DECLARE v_claims INT;
  DECLARE v_ended INT;
  DECLARE v_warned INT;
  DECLARE v_several INT;
  DECLARE v_failed INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET SESSION max_heap_table_size = 256 * 1024 * 1024;  -- a row below is 1.2 KiB; batches are thousands at most
  CREATE TEMPORARY TABLE IF NOT EXISTS journal_outcome (
    number INT NOT NULL PRIMARY KEY,
    attempt_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    slave_id BIGINT NOT NULL,
    job_id BIGINT NULL,
    frame INT NULL,
    outcome ENUM('accepted', 'failed', 'rejected', 'returned', 'expired', 'cancelled') NOT NULL,
    cpu_ms BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL,
    peak_memory_mib INT UNSIGNED NOT NULL,
    output_name VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    output_size_bytes BIGINT NULL,
    output_sha256 BINARY(32) NULL,
    reason_hash BINARY(16) NULL COMMENT 'of failures that count against the task',
    claim BIGINT NULL,
    fair_value BIGINT NULL,
    requested_grant BIGINT NULL COMMENT 'by the dispatcher',
    grant_limit BIGINT NULL,
    boost INT NULL,
    user_id BIGINT NULL COMMENT 'owner of the slave; set when there is a claim',
    is_sample BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'of the fair value: rendered for another user',
    granted BIGINT NULL COMMENT 'NULL: held',
    is_last BOOLEAN NOT NULL COMMENT 'the task has no further attempt',
    is_new BOOLEAN NOT NULL COMMENT 'the attempt is not recorded yet',
    is_duplicate BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the batch has an earlier image of the task',
    is_result BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'its image is the result of the task',
    task_failed BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the task failed by it',
    has_warnings BOOLEAN NOT NULL DEFAULT FALSE,
    has_outputs BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'more than the first',
    paused BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the job was paused by it'
  ) ENGINE=MEMORY;
  DELETE FROM journal_outcome;
  CREATE TEMPORARY TABLE IF NOT EXISTS dependent_job (
    job_id BIGINT NOT NULL PRIMARY KEY,
    source_id BIGINT NOT NULL
  ) ENGINE=MEMORY;
  DELETE FROM dependent_job;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;

  -- Here and below the indexes are forced: a recently filled table has no statistics, and a scan for each row of the
  -- batch takes minutes.
  IF p_leases <> '[]' THEN
    INSERT INTO lease (attempt_id, task_id, slave_id, expires_at)
    SELECT n.attempt_id, n.task_id, n.slave_id, TIMESTAMPADD(MICROSECOND, n.expires_ms * 1000, '1970-01-01')
    FROM JSON_TABLE(p_leases, '$[*]' COLUMNS (
      attempt_id BIGINT PATH '$[0]', task_id BIGINT PATH '$[1]', slave_id BIGINT PATH '$[2]',
      expires_ms BIGINT PATH '$[3]')) n
    STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = n.task_id AND t.state = 'ready'
    LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id
    WHERE a.id IS NULL
    ON DUPLICATE KEY UPDATE expires_at = GREATEST(lease.expires_at, VALUES(expires_at));
  END IF;

  IF p_outcomes <> '[]' THEN
    INSERT INTO journal_outcome (number, attempt_id, task_id, slave_id, job_id, frame, outcome, cpu_ms, wall_ms,
      peak_memory_mib, output_name, output_size_bytes, output_sha256, claim, fair_value, requested_grant, grant_limit,
      boost, is_last, has_warnings, has_outputs, is_new)
    SELECT n.number, n.attempt_id, n.task_id, n.slave_id, t.job_id, t.frame, n.outcome, n.cpu_ms, n.wall_ms,
      n.peak_memory_mib, n.output_name, n.size_bytes, UNHEX(n.sha256), n.claim, n.fair_value, n.requested_grant,
      n.grant_limit, n.boost, n.is_last, n.warnings, n.outputs, t.id IS NOT NULL AND (a.id IS NULL
      OR (a.outcome = 'expired' AND n.outcome = 'accepted'))
    FROM JSON_TABLE(p_outcomes, '$[*]' COLUMNS (
      number FOR ORDINALITY, attempt_id BIGINT PATH '$[0]', task_id BIGINT PATH '$[1]', slave_id BIGINT PATH '$[2]',
      outcome VARCHAR(16) PATH '$[3]', cpu_ms BIGINT PATH '$[4]',
      wall_ms BIGINT PATH '$[5]', peak_memory_mib INT UNSIGNED PATH '$[6]',
      is_last BOOLEAN PATH '$[7]', output_name TEXT PATH '$[9]',
      size_bytes BIGINT PATH '$[10]',
      sha256 VARCHAR(64) PATH '$[11]', claim BIGINT PATH '$[12]', fair_value BIGINT PATH '$[13]',
      requested_grant BIGINT PATH '$[14]', grant_limit BIGINT PATH '$[15]', boost INT PATH '$[16]',
      warnings BOOLEAN EXISTS PATH '$[19][0]', outputs BOOLEAN EXISTS PATH '$[20][0]')) n
    LEFT JOIN task t FORCE INDEX (PRIMARY) ON t.id = n.task_id
    LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id;

    SELECT COUNT(*), COUNT(DISTINCT job_id), COUNT(DISTINCT attempt_id, task_id), COUNT(DISTINCT task_id),
      COUNT(IF(outcome = 'accepted', NULL, 1)), COUNT(IF(claim > 0, 1, NULL)),
      COUNT(IF(has_warnings, 1, NULL)), COUNT(IF(has_outputs, 1, NULL))
    INTO v_rows, v_jobs, v_attempts, v_tasks, v_bad, v_claims, v_warned, v_several FROM journal_outcome;

    -- Locking a job's row locks all its tasks, here as in every procedure that changes them.
    IF v_jobs > 1 THEN
      CALL points_begin();
      INSERT IGNORE INTO points_job (job_id) SELECT job_id FROM journal_outcome WHERE job_id IS NOT NULL;
      CALL points_lock_jobs(v_locked);
    ELSE
      SELECT COUNT(*) INTO v_locked
      FROM job WHERE id = (SELECT MAX(job_id) FROM journal_outcome) FOR UPDATE;
    END IF;
    IF v_locked < v_jobs THEN  -- deleted since it was read
      UPDATE journal_outcome e LEFT JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
      SET e.job_id = NULL, e.is_new = FALSE
      WHERE j.id IS NULL;
    END IF;

    -- The same attempt twice in one batch: one entry counts, the one with the image if there is one.
    IF v_attempts < v_rows THEN
      UPDATE journal_outcome e
      JOIN (SELECT attempt_id, task_id, COALESCE(MIN(IF(outcome = 'accepted', number, NULL)), MIN(number)) AS number
            FROM journal_outcome GROUP BY attempt_id, task_id) d ON d.attempt_id = e.attempt_id
              AND d.task_id = e.task_id
      SET e.is_new = FALSE WHERE e.number <> d.number;
    END IF;
    IF v_tasks < v_attempts THEN
      UPDATE journal_outcome e
      JOIN (SELECT task_id, MIN(number) AS number FROM journal_outcome WHERE is_new AND output_name IS NOT NULL
        GROUP BY task_id) d
        ON d.task_id = e.task_id
      SET e.is_duplicate = TRUE WHERE e.number > d.number;
    END IF;

    -- The first good image of an open task is its result.
    UPDATE journal_outcome e STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
    SET e.is_result = TRUE
    WHERE e.is_new AND e.outcome = 'accepted' AND e.output_name IS NOT NULL AND NOT e.is_duplicate
      AND t.state = 'ready';
    IF v_claims > 0 THEN
      CALL journal_write_grants();
    END IF;

    -- An update in the form of an insert: faster than a join that updates its second table. The rows exist, because
    -- the job is locked.
    INSERT INTO task (id, job_id, frame, state, attempt_id)
    SELECT task_id, job_id, 0, 'accepted', attempt_id FROM journal_outcome WHERE is_result
    ON DUPLICATE KEY UPDATE state = 'accepted', attempt_id = VALUES(attempt_id);

    INSERT INTO attempt (task_id, id, slave_id, outcome, cpu_ms, wall_ms, peak_memory_mib, ended_at, output_name,
      output_size_bytes, output_sha256, user_id, claim, fair_value, grant_limit, granted)
    SELECT task_id, attempt_id, slave_id, IF(outcome = 'accepted' AND NOT is_result, 'superseded', outcome), cpu_ms,
      wall_ms, peak_memory_mib, v_now, IF(is_result, output_name, NULL), IF(is_result, output_size_bytes, NULL),
      IF(is_result, output_sha256, NULL), user_id, IF(user_id IS NULL, NULL, claim),
      IF(user_id IS NULL, NULL, fair_value), IF(user_id IS NULL, NULL, grant_limit), granted
    FROM journal_outcome WHERE is_new
    ON DUPLICATE KEY UPDATE outcome = VALUES(outcome), cpu_ms = VALUES(cpu_ms), wall_ms = VALUES(wall_ms),
      peak_memory_mib = VALUES(peak_memory_mib), ended_at = v_now, output_name = VALUES(output_name),
      output_size_bytes = VALUES(output_size_bytes),
      output_sha256 = VALUES(output_sha256), failure_reason = NULL, failure_code = NULL,
      user_id = VALUES(user_id), claim = VALUES(claim),
      fair_value = VALUES(fair_value), grant_limit = VALUES(grant_limit), granted = VALUES(granted);

    IF v_several > 0 THEN
      CALL journal_write_outputs(p_outcomes);
    END IF;
    DELETE l FROM journal_outcome e STRAIGHT_JOIN lease l FORCE INDEX (PRIMARY) ON l.attempt_id = e.attempt_id;

    IF v_bad > 0 THEN
      CALL journal_write_failures(p_outcomes);
    END IF;
    IF v_warned > 0 THEN
      CALL journal_write_warnings(p_outcomes);
    END IF;

    UPDATE (SELECT slave_id, COUNT(*) AS frames FROM journal_outcome WHERE is_result GROUP BY slave_id) e
    STRAIGHT_JOIN slave s FORCE INDEX (PRIMARY) ON s.id = e.slave_id
    SET s.frames_accepted = s.frames_accepted + e.frames;

    -- Each assignment reads only columns that are assigned after it.
    UPDATE (SELECT job_id, SUM(is_result) AS accepted, COUNT(DISTINCT IF(task_failed, task_id, NULL)) AS failed,
              MIN(IF(is_sample, claim, NULL)) AS claim
            FROM journal_outcome WHERE is_result OR task_failed GROUP BY job_id) e
    STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
    SET
      j.finished_at = IF(j.accepted_count + j.failed_count + e.accepted + e.failed = j.task_count, v_now,
        j.finished_at),
      j.state_reason = IF(j.accepted_count + j.failed_count + e.accepted + e.failed < j.task_count, j.state_reason,
        IF(j.failed_count + e.failed = 0, '',
        CONCAT(j.failed_count + e.failed, ' of ', j.task_count, ' frames failed'))),
      j.revision = j.revision + (j.accepted_count + j.failed_count + e.accepted + e.failed = j.task_count),
      j.state = IF(j.accepted_count + j.failed_count + e.accepted + e.failed < j.task_count, j.state,
        IF(j.failed_count + e.failed = 0, 'finished', 'failed')),
      j.accepted_count = j.accepted_count + e.accepted,
      j.failed_count = j.failed_count + e.failed,
      j.min_claim = IF(e.claim IS NULL, j.min_claim, LEAST(COALESCE(j.min_claim, e.claim), e.claim))
    WHERE j.state IN ('active', 'paused');

    IF v_bad > 0 THEN
      CALL job_pause_on_failures();
    END IF;
    CALL journal_write_statistics();

    INSERT INTO activity (created_at, kind, user_id, job_id, message)
    SELECT v_now, CONCAT('job_', j.state), j.user_id, j.id, LEFT(CONCAT('Job ', j.id, ' (', j.name, ') ',
      IF(j.state = 'finished', CONCAT('is finished: ', j.task_count, ' frames'), CONCAT('failed: ', j.state_reason))),
        1000)
    FROM job j
    WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE is_result OR task_failed)
      AND j.state IN ('finished', 'failed');
    SET v_ended = ROW_COUNT();
    SELECT COUNT(*) INTO v_failed FROM job
    WHERE id IN (SELECT job_id FROM journal_outcome WHERE is_result OR task_failed) AND state = 'failed';
    IF v_failed > 0 THEN
      CALL job_fail_dependents();
    END IF;
    IF v_claims > 0 OR v_ended > 0 THEN
      CALL journal_write_points(v_ended);
    END IF;
  END IF;

  COMMIT;

  SELECT 0 AS kind, e.number AS id, CASE
      WHEN e.job_id IS NULL THEN 'unknown'
      WHEN e.is_result OR (t.state = 'accepted' AND t.attempt_id = e.attempt_id) THEN 'accepted'
      WHEN e.outcome <> 'accepted' THEN 'recorded'
      WHEN t.state = 'accepted' THEN 'superseded'
      ELSE 'ended' END AS answer,
    IF(e.is_new AND (e.granted IS NOT NULL OR e.user_id IS NULL), e.granted,
      (SELECT a.granted FROM attempt a WHERE a.task_id = e.task_id AND a.id = e.attempt_id)) AS points,
    NULL AS revision, NULL AS priority, NULL AS needs_approval
  FROM journal_outcome e LEFT JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  UNION ALL
  SELECT 1, j.id, '', NULL, j.revision, NULL, NULL FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE is_result) AND j.state = 'finished'
  UNION ALL
  SELECT 2, j.id, j.state_reason, NULL, j.revision, j.priority, j.needs_approval FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE paused)
  UNION ALL
  SELECT 3, j.id, CONCAT_WS(' ', j.user_id, j.accepted_count, j.failed_count, j.state), NULL, j.revision,
    COALESCE(j.submission_id, j.id), NULL
  FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_outcome WHERE is_result OR task_failed OR paused
    UNION SELECT job_id FROM dependent_job)
  UNION ALL
  SELECT 4, w.job_id, job_warnings_text(w.job_id), NULL, NULL, NULL, NULL
  FROM (SELECT DISTINCT job_id FROM journal_outcome WHERE has_warnings AND (is_result OR task_failed)) w
  UNION ALL
  SELECT 5, j.id, j.state_reason, NULL, j.revision, NULL, NULL
  FROM dependent_job d STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = d.job_id;
END
