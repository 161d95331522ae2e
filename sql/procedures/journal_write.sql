-- Writes one batch of the dispatcher in one transaction: attempts handed out, attempts that ended, and what follows
-- from them for tasks, jobs and slaves. Writing the same batch again changes nothing and gives the same answer.
--   p_leases   [{"attempt","task","slave","expires" (UNIX ms)}...]; one that is there already is only prolonged
--   p_endings  [{"attempt","task","slave","ending","cpu","wall","memory","output","size","sha256","reason","last"}...]
--              last: the dispatcher gives the task up with this failure
-- Rows: (0, number, verdict) per ending in order; (1, job, '') per job that ended now; (2, job, reason) per job paused now.
-- Verdicts: accepted (it is the task's result), superseded (good, but not needed), recorded, unknown (no such task).
-- A result whose lease had expired still counts while the task is open. An accepted task never changes.
CREATE OR REPLACE PROCEDURE journal_write(IN p_leases LONGTEXT, IN p_endings LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_seen INT;
  DECLARE v_jobs INT;
  DECLARE v_locked INT;
  DECLARE v_bad INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS journal_ending (
    number INT NOT NULL PRIMARY KEY,
    attempt_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    slave_id BIGINT NOT NULL,
    job_id BIGINT NULL,
    ending ENUM('accepted', 'failed', 'rejected', 'returned', 'expired', 'cancelled') NOT NULL,
    last BOOLEAN NOT NULL,
    fresh BOOLEAN NOT NULL,
    won BOOLEAN NOT NULL DEFAULT FALSE,
    lost BOOLEAN NOT NULL DEFAULT FALSE,
    paused BOOLEAN NOT NULL DEFAULT FALSE,
    reason_hash BINARY(16) NULL
  ) ENGINE=MEMORY;
  DELETE FROM journal_ending;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;

  IF p_leases <> '[]' THEN
    INSERT INTO lease (attempt_id, task_id, slave_id, expires_at)
    SELECT n.attempt_id, n.task_id, n.slave_id, TIMESTAMPADD(MICROSECOND, n.expires * 1000, '1970-01-01')
    FROM JSON_TABLE(p_leases, '$[*]' COLUMNS (
      attempt_id BIGINT PATH '$.attempt', task_id BIGINT PATH '$.task', slave_id BIGINT PATH '$.slave',
      expires BIGINT PATH '$.expires')) n
    JOIN task t ON t.id = n.task_id AND t.state = 'ready'
    LEFT JOIN attempt a ON a.task_id = n.task_id AND a.id = n.attempt_id
    WHERE a.id IS NULL
    ON DUPLICATE KEY UPDATE expires_at = GREATEST(lease.expires_at, VALUES(expires_at));
  END IF;

  IF p_endings <> '[]' THEN
    INSERT INTO journal_ending (number, attempt_id, task_id, slave_id, job_id, ending, last, fresh, reason_hash)
    SELECT n.number, n.attempt_id, n.task_id, n.slave_id, t.job_id, n.ending, n.last,
      t.id IS NOT NULL AND (a.id IS NULL OR (a.ending = 'expired' AND n.ending = 'accepted')),
      IF(n.ending IN ('failed', 'rejected'), UNHEX(MD5(REGEXP_REPLACE(LEFT(n.reason, 200), '[0-9]+', '#'))), NULL)
    FROM JSON_TABLE(p_endings, '$[*]' COLUMNS (
      number FOR ORDINALITY, attempt_id BIGINT PATH '$.attempt', task_id BIGINT PATH '$.task',
      slave_id BIGINT PATH '$.slave', ending VARCHAR(16) PATH '$.ending', last BOOLEAN PATH '$.last' DEFAULT '0' ON EMPTY,
      reason TEXT PATH '$.reason' DEFAULT '' ON EMPTY)) n
    LEFT JOIN task t ON t.id = n.task_id
    LEFT JOIN attempt a ON a.task_id = n.task_id AND a.id = n.attempt_id;

    -- The job's row is the lock of all its tasks, here as in every procedure that changes them.
    SELECT COUNT(*), COUNT(DISTINCT job_id), COUNT(IF(ending = 'accepted', NULL, 1)) INTO v_seen, v_jobs, v_bad
    FROM journal_ending;
    SELECT COUNT(*) INTO v_locked
    FROM job WHERE id IN (SELECT job_id FROM journal_ending WHERE job_id IS NOT NULL) FOR UPDATE;
    IF v_locked < v_jobs THEN  -- deleted between the two statements
      UPDATE journal_ending e LEFT JOIN job j ON j.id = e.job_id SET e.job_id = NULL, e.fresh = FALSE WHERE j.id IS NULL;
    END IF;

    -- The same attempt twice in one batch: one entry counts, the one with the image if there is one.
    SELECT COUNT(DISTINCT attempt_id, task_id) INTO v_locked FROM journal_ending;
    IF v_locked < v_seen THEN
      UPDATE journal_ending e
      JOIN (SELECT attempt_id, task_id, COALESCE(MIN(IF(ending = 'accepted', number, NULL)), MIN(number)) AS number
            FROM journal_ending GROUP BY attempt_id, task_id) d ON d.attempt_id = e.attempt_id AND d.task_id = e.task_id
      SET e.fresh = FALSE WHERE e.number <> d.number;
    END IF;

    -- The first good image of an open task is its result.
    UPDATE journal_ending e
    JOIN (SELECT MIN(number) AS number FROM journal_ending WHERE fresh AND ending = 'accepted' GROUP BY task_id) w
      ON w.number = e.number
    JOIN task t ON t.id = e.task_id
    SET e.won = TRUE, t.state = 'accepted', t.attempt_id = e.attempt_id
    WHERE t.state = 'ready';

    INSERT INTO attempt (task_id, id, slave_id, ending, cpu_ms, wall_ms, memory_mib, ended_at, output, output_size,
      output_sha256, reason)
    SELECT e.task_id, e.attempt_id, e.slave_id, IF(e.ending = 'accepted' AND NOT e.won, 'superseded', e.ending),
      n.cpu, n.wall, n.memory, v_now, IF(e.won, n.output, NULL), IF(e.won, n.size, NULL),
      IF(e.won, UNHEX(n.sha256), NULL), NULLIF(LEFT(n.reason, 1000), '')
    FROM JSON_TABLE(p_endings, '$[*]' COLUMNS (
      number FOR ORDINALITY, cpu BIGINT PATH '$.cpu' DEFAULT '0' ON EMPTY, wall BIGINT PATH '$.wall' DEFAULT '0' ON EMPTY,
      memory INT UNSIGNED PATH '$.memory' DEFAULT '0' ON EMPTY, output TEXT PATH '$.output',
      size BIGINT PATH '$.size', sha256 CHAR(64) PATH '$.sha256', reason TEXT PATH '$.reason')) n
    JOIN journal_ending e ON e.number = n.number
    WHERE e.fresh
    ON DUPLICATE KEY UPDATE ending = VALUES(ending), cpu_ms = VALUES(cpu_ms), wall_ms = VALUES(wall_ms),
      memory_mib = VALUES(memory_mib), ended_at = v_now, output = VALUES(output), output_size = VALUES(output_size),
      output_sha256 = VALUES(output_sha256), reason = VALUES(reason);

    DELETE l FROM lease l JOIN journal_ending e ON e.attempt_id = l.attempt_id;

    IF v_bad > 0 THEN
      UPDATE task t
      JOIN (SELECT task_id, MAX(attempt_id) AS attempt_id, SUM(ending IN ('failed', 'rejected')) AS failures
            FROM journal_ending WHERE fresh AND ending <> 'accepted' GROUP BY task_id) e ON e.task_id = t.id
      SET t.attempt_id = e.attempt_id, t.failures = LEAST(255, t.failures + e.failures)
      WHERE t.state = 'ready';

      UPDATE journal_ending e JOIN task t ON t.id = e.task_id
      SET e.lost = TRUE
      WHERE e.fresh AND e.last AND e.ending IN ('failed', 'rejected', 'expired') AND t.state = 'ready';

      UPDATE task t JOIN (SELECT DISTINCT task_id FROM journal_ending WHERE lost) e ON e.task_id = t.id
      SET t.state = 'failed';

      INSERT IGNORE INTO job_failure (job_id, reason_hash, task_id)
      SELECT job_id, reason_hash, task_id FROM journal_ending WHERE fresh AND reason_hash IS NOT NULL;
    END IF;

    UPDATE slave s
    JOIN (SELECT slave_id, COUNT(*) AS frames FROM journal_ending WHERE won GROUP BY slave_id) e ON e.slave_id = s.id
    SET s.frames_accepted = s.frames_accepted + e.frames;

    -- Each assignment reads only columns that are assigned after it.
    UPDATE job j
    JOIN (SELECT job_id, SUM(won) AS won, COUNT(DISTINCT IF(lost, task_id, NULL)) AS lost
          FROM journal_ending WHERE won OR lost GROUP BY job_id) e ON e.job_id = j.id
    SET
      j.finished_at = IF(j.accepted + j.failed + e.won + e.lost = j.tasks, v_now, j.finished_at),
      j.reason = IF(j.accepted + j.failed + e.won + e.lost < j.tasks, j.reason, IF(j.failed + e.lost = 0, '',
        CONCAT(j.failed + e.lost, ' of ', j.tasks, ' frames failed'))),
      j.state = IF(j.accepted + j.failed + e.won + e.lost < j.tasks, j.state,
        IF(j.failed + e.lost = 0, 'finished', 'failed')),
      j.accepted = j.accepted + e.won,
      j.failed = j.failed + e.lost
    WHERE j.state IN ('active', 'paused');

    IF v_bad > 0 THEN
      CALL job_fail_alike();
    END IF;

    INSERT INTO event (created_at, kind, user_id, job_id, message)
    SELECT v_now, CONCAT('job_', j.state), j.user_id, j.id, CONCAT('Job ', j.id, ' (', j.name, ') ',
      IF(j.state = 'finished', CONCAT('is finished: ', j.tasks, ' frames'), CONCAT('failed: ', j.reason)))
    FROM job j
    WHERE j.id IN (SELECT job_id FROM journal_ending WHERE won OR lost) AND j.state IN ('finished', 'failed');
  END IF;

  COMMIT;

  SELECT 0 AS kind, e.number AS id, CASE
      WHEN e.job_id IS NULL THEN 'unknown'
      WHEN t.state = 'accepted' AND t.attempt_id = e.attempt_id THEN 'accepted'
      WHEN e.ending = 'accepted' THEN 'superseded'
      ELSE 'recorded' END AS answer
  FROM journal_ending e LEFT JOIN task t ON t.id = e.task_id
  UNION ALL
  SELECT 1, j.id, '' FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_ending WHERE won OR lost) AND j.state IN ('finished', 'failed')
  UNION ALL
  SELECT 2, j.id, j.reason FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_ending WHERE paused)
  ORDER BY kind, id;
END
