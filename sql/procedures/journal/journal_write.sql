-- Writes one batch of the dispatcher in one transaction: attempts handed out, attempts that ended, and what follows
-- from them for tasks, jobs and slaves. Writing the same batch again changes nothing and gives the same answer.
--   p_leases   [[attempt, task, slave, expires (UNIX ms)]...]; one that is there already is only prolonged
--   p_endings  [[attempt, task, slave, ending, cpu ms, wall ms, memory MiB, last, reason, output, size, sha256,
--              claim, fair, grant, bound, boost]...]
--              last: 1 when the dispatcher gives the task up with this failure; from output on: accepted ones only
--              claim to bound are millipoints, see journal_write_grants; without a claim nobody is paid
-- Rows: (0, number, verdict, points) per ending in order; (1, job, '', NULL, revision) per job that is finished now;
-- (2, job, reason, NULL, revision, priority, held) per job paused now; (3, job, 'user accepted failed state') per job
-- whose figures changed. points: NULL when there are none or the grant is held. Verdicts: accepted (it is the task's
-- result), superseded (another attempt's image is), ended (good, but the attempt or its task had ended before),
-- recorded, unknown (no such task). A result whose lease had expired still counts while the task is open; one whose
-- output is null never does, it is only answered. An accepted task never changes. No errors.
CREATE OR REPLACE PROCEDURE journal_write(IN p_leases LONGTEXT, IN p_endings LONGTEXT)
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
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  SET SESSION max_heap_table_size = 256 * 1024 * 1024;  -- a row below is 1.2 KiB; batches are thousands at most
  CREATE TEMPORARY TABLE IF NOT EXISTS journal_ending (
    number INT NOT NULL PRIMARY KEY,
    attempt_id BIGINT NOT NULL,
    task_id BIGINT NOT NULL,
    slave_id BIGINT NOT NULL,
    job_id BIGINT NULL,
    frame INT NULL,
    ending ENUM('accepted', 'failed', 'rejected', 'returned', 'expired', 'cancelled') NOT NULL,
    cpu_ms BIGINT NOT NULL,
    wall_ms BIGINT NOT NULL,
    memory_mib INT UNSIGNED NOT NULL,
    output VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
    output_size BIGINT NULL,
    output_sha256 BINARY(32) NULL,
    reason_hash BINARY(16) NULL,
    claim BIGINT NULL,
    fair BIGINT NULL,
    asked BIGINT NULL COMMENT 'the grant as the dispatcher has it',
    bound BIGINT NULL,
    boost INT NULL,
    user_id BIGINT NULL COMMENT 'whose slave it is, when there is a claim to judge',
    counts BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'rendered for somebody else: its claim is one of the job',
    points BIGINT NULL COMMENT 'the grant; NULL: held',
    last BOOLEAN NOT NULL,
    fresh BOOLEAN NOT NULL COMMENT 'this attempt has not been recorded yet',
    later BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'another image of the same task stands before it in the batch',
    won BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'its image became the result of the task',
    lost BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the task failed with it',
    paused BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'the job was paused because of it'
  ) ENGINE=MEMORY;
  DELETE FROM journal_ending;

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;

  -- The indexes are named, here and below: a table that was filled a moment ago has no statistics yet, and a scan of
  -- it for each row of the batch takes minutes.
  IF p_leases <> '[]' THEN
    INSERT INTO lease (attempt_id, task_id, slave_id, expires_at)
    SELECT n.attempt_id, n.task_id, n.slave_id, TIMESTAMPADD(MICROSECOND, n.expires * 1000, '1970-01-01')
    FROM JSON_TABLE(p_leases, '$[*]' COLUMNS (
      attempt_id BIGINT PATH '$[0]', task_id BIGINT PATH '$[1]', slave_id BIGINT PATH '$[2]',
      expires BIGINT PATH '$[3]')) n
    STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = n.task_id AND t.state = 'ready'
    LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id
    WHERE a.id IS NULL
    ON DUPLICATE KEY UPDATE expires_at = GREATEST(lease.expires_at, VALUES(expires_at));
  END IF;

  IF p_endings <> '[]' THEN
    INSERT INTO journal_ending (number, attempt_id, task_id, slave_id, job_id, frame, ending, cpu_ms, wall_ms,
      memory_mib, output, output_size, output_sha256, claim, fair, asked, bound, boost, reason_hash, last, fresh)
    SELECT n.number, n.attempt_id, n.task_id, n.slave_id, t.job_id, t.frame, n.ending, n.cpu, n.wall, n.memory,
      n.output, n.size, UNHEX(n.sha256), n.claim, n.fair, n.asked, n.bound, n.boost,
      IF(n.ending IN ('failed', 'rejected'), UNHEX(MD5(REGEXP_REPLACE(LEFT(n.reason, 200), '[0-9]+', '#'))), NULL),
      n.last, t.id IS NOT NULL AND (a.id IS NULL OR (a.ending = 'expired' AND n.ending = 'accepted'))
    FROM JSON_TABLE(p_endings, '$[*]' COLUMNS (
      number FOR ORDINALITY, attempt_id BIGINT PATH '$[0]', task_id BIGINT PATH '$[1]', slave_id BIGINT PATH '$[2]',
      ending VARCHAR(16) PATH '$[3]', cpu BIGINT PATH '$[4]', wall BIGINT PATH '$[5]', memory INT UNSIGNED PATH '$[6]',
      last BOOLEAN PATH '$[7]', reason TEXT PATH '$[8]', output TEXT PATH '$[9]', size BIGINT PATH '$[10]',
      sha256 VARCHAR(64) PATH '$[11]', claim BIGINT PATH '$[12]', fair BIGINT PATH '$[13]', asked BIGINT PATH '$[14]',
      bound BIGINT PATH '$[15]', boost INT PATH '$[16]')) n
    LEFT JOIN task t FORCE INDEX (PRIMARY) ON t.id = n.task_id
    LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id;

    SELECT COUNT(*), COUNT(DISTINCT job_id), COUNT(DISTINCT attempt_id, task_id), COUNT(DISTINCT task_id),
      COUNT(IF(ending = 'accepted', NULL, 1)), COUNT(IF(claim > 0, 1, NULL))
    INTO v_rows, v_jobs, v_attempts, v_tasks, v_bad, v_claims FROM journal_ending;

    -- The job's row is the lock of all its tasks, here as in every procedure that changes them.
    IF v_jobs > 1 THEN
      CALL points_begin();
      INSERT IGNORE INTO points_job (job_id) SELECT job_id FROM journal_ending WHERE job_id IS NOT NULL;
      CALL points_lock_jobs(v_locked);
    ELSE
      SELECT COUNT(*) INTO v_locked
      FROM job WHERE id = (SELECT MAX(job_id) FROM journal_ending) FOR UPDATE;
    END IF;
    IF v_locked < v_jobs THEN  -- deleted since it was read
      UPDATE journal_ending e LEFT JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
      SET e.job_id = NULL, e.fresh = FALSE
      WHERE j.id IS NULL;
    END IF;

    -- The same attempt twice in one batch: one entry counts, the one with the image if there is one.
    IF v_attempts < v_rows THEN
      UPDATE journal_ending e
      JOIN (SELECT attempt_id, task_id, COALESCE(MIN(IF(ending = 'accepted', number, NULL)), MIN(number)) AS number
            FROM journal_ending GROUP BY attempt_id, task_id) d ON d.attempt_id = e.attempt_id AND d.task_id = e.task_id
      SET e.fresh = FALSE WHERE e.number <> d.number;
    END IF;
    IF v_tasks < v_attempts THEN
      UPDATE journal_ending e
      JOIN (SELECT task_id, MIN(number) AS number FROM journal_ending WHERE fresh AND output IS NOT NULL
        GROUP BY task_id) d
        ON d.task_id = e.task_id
      SET e.later = TRUE WHERE e.number > d.number;
    END IF;

    -- The first good image of an open task is its result.
    UPDATE journal_ending e STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
    SET e.won = TRUE
    WHERE e.fresh AND e.ending = 'accepted' AND e.output IS NOT NULL AND NOT e.later AND t.state = 'ready';
    IF v_claims > 0 THEN
      CALL journal_write_grants();
    END IF;

    -- An update in the form of an insert: faster than a join that updates its second table. The rows are
    -- there, for the job is locked.
    INSERT INTO task (id, job_id, frame, state, attempt_id)
    SELECT task_id, job_id, 0, 'accepted', attempt_id FROM journal_ending WHERE won
    ON DUPLICATE KEY UPDATE state = 'accepted', attempt_id = VALUES(attempt_id);

    INSERT INTO attempt (task_id, id, slave_id, ending, cpu_ms, wall_ms, memory_mib, ended_at, output, output_size,
      output_sha256, user_id, claim, fair, bound, points)
    SELECT task_id, attempt_id, slave_id, IF(ending = 'accepted' AND NOT won, 'superseded', ending), cpu_ms, wall_ms,
      memory_mib, v_now, IF(won, output, NULL), IF(won, output_size, NULL), IF(won, output_sha256, NULL),
      user_id, IF(user_id IS NULL, NULL, claim), IF(user_id IS NULL, NULL, fair), IF(user_id IS NULL, NULL, bound),
      points
    FROM journal_ending WHERE fresh
    ON DUPLICATE KEY UPDATE ending = VALUES(ending), cpu_ms = VALUES(cpu_ms), wall_ms = VALUES(wall_ms),
      memory_mib = VALUES(memory_mib), ended_at = v_now, output = VALUES(output), output_size = VALUES(output_size),
      output_sha256 = VALUES(output_sha256), reason = NULL, user_id = VALUES(user_id), claim = VALUES(claim),
      fair = VALUES(fair), bound = VALUES(bound), points = VALUES(points);

    DELETE l FROM journal_ending e STRAIGHT_JOIN lease l FORCE INDEX (PRIMARY) ON l.attempt_id = e.attempt_id;

    IF v_bad > 0 THEN
      CALL journal_write_failures(p_endings);
    END IF;

    UPDATE (SELECT slave_id, COUNT(*) AS frames FROM journal_ending WHERE won GROUP BY slave_id) e
    STRAIGHT_JOIN slave s FORCE INDEX (PRIMARY) ON s.id = e.slave_id
    SET s.frames_accepted = s.frames_accepted + e.frames;

    -- Each assignment reads only columns that are assigned after it.
    UPDATE (SELECT job_id, SUM(won) AS won, COUNT(DISTINCT IF(lost, task_id, NULL)) AS lost,
              MIN(IF(counts, claim, NULL)) AS claim
            FROM journal_ending WHERE won OR lost GROUP BY job_id) e
    STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
    SET
      j.finished_at = IF(j.accepted + j.failed + e.won + e.lost = j.tasks, v_now, j.finished_at),
      j.reason = IF(j.accepted + j.failed + e.won + e.lost < j.tasks, j.reason, IF(j.failed + e.lost = 0, '',
        CONCAT(j.failed + e.lost, ' of ', j.tasks, ' frames failed'))),
      j.revision = j.revision + (j.accepted + j.failed + e.won + e.lost = j.tasks),
      j.state = IF(j.accepted + j.failed + e.won + e.lost < j.tasks, j.state,
        IF(j.failed + e.lost = 0, 'finished', 'failed')),
      j.accepted = j.accepted + e.won,
      j.failed = j.failed + e.lost,
      j.least_claim = IF(e.claim IS NULL, j.least_claim, LEAST(COALESCE(j.least_claim, e.claim), e.claim))
    WHERE j.state IN ('active', 'paused');

    IF v_bad > 0 THEN
      CALL job_fail_alike();
    END IF;
    CALL journal_write_statistics();

    INSERT INTO event (created_at, kind, user_id, job_id, message)
    SELECT v_now, CONCAT('job_', j.state), j.user_id, j.id, LEFT(CONCAT('Job ', j.id, ' (', j.name, ') ',
      IF(j.state = 'finished', CONCAT('is finished: ', j.tasks, ' frames'), CONCAT('failed: ', j.reason))), 1000)
    FROM job j
    WHERE j.id IN (SELECT job_id FROM journal_ending WHERE won OR lost) AND j.state IN ('finished', 'failed');
    SET v_ended = ROW_COUNT();
    IF v_claims > 0 OR v_ended > 0 THEN
      CALL journal_write_points(v_ended);
    END IF;
  END IF;

  COMMIT;

  SELECT 0 AS kind, e.number AS id, CASE
      WHEN e.job_id IS NULL THEN 'unknown'
      WHEN e.won OR (t.state = 'accepted' AND t.attempt_id = e.attempt_id) THEN 'accepted'
      WHEN e.ending <> 'accepted' THEN 'recorded'
      WHEN t.state = 'accepted' THEN 'superseded'
      ELSE 'ended' END AS answer,
    IF(e.fresh AND (e.points IS NOT NULL OR e.user_id IS NULL), e.points,
      (SELECT a.points FROM attempt a WHERE a.task_id = e.task_id AND a.id = e.attempt_id)) AS points,
    NULL AS revision, NULL AS priority, NULL AS held
  FROM journal_ending e LEFT JOIN task t FORCE INDEX (PRIMARY) ON t.id = e.task_id
  UNION ALL
  SELECT 1, j.id, '', NULL, j.revision, NULL, NULL FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_ending WHERE won) AND j.state = 'finished'
  UNION ALL
  SELECT 2, j.id, j.reason, NULL, j.revision, j.priority, j.held FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_ending WHERE paused)
  UNION ALL
  SELECT 3, j.id, CONCAT_WS(' ', j.user_id, j.accepted, j.failed, j.state), NULL, NULL, NULL, NULL FROM job j
  WHERE j.id IN (SELECT job_id FROM journal_ending WHERE won OR lost OR paused);
END
