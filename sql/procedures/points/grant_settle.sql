-- Settles held grants whose fair value is known now. p_batch: [[attempt, task, grant, fair value]...], millipoints;
-- fair value 0: none, the smallest claim of the job limits the grant. grant_settle_held reduces a grant above its
-- limits. Idempotent. Rows in order: attempt_id, points; NULL: the attempt has no grant. No errors.
CREATE OR REPLACE PROCEDURE grant_settle(IN p_batch LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_locked INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL points_begin();
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  INSERT IGNORE INTO points_job (job_id)
  SELECT h.job_id FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (attempt_id BIGINT PATH '$[0]')) n
  STRAIGHT_JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = n.attempt_id;
  CALL points_lock_jobs(v_locked);

  INSERT IGNORE INTO points_settled (attempt_id, `grant`, fair_value)
  SELECT h.attempt_id, GREATEST(COALESCE(n.points, 0), 0), n.fair_value
  FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (
    attempt_id BIGINT PATH '$[0]', points BIGINT PATH '$[2]', fair_value BIGINT PATH '$[3]')) n
  STRAIGHT_JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = n.attempt_id;
  IF ROW_COUNT() > 0 THEN
    CALL grant_settle_held();
    CALL points_post();
  END IF;
  COMMIT;

  SELECT n.attempt_id, a.granted
  FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (number FOR ORDINALITY, attempt_id BIGINT PATH '$[0]',
    task_id BIGINT PATH '$[1]')) n
  LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id
  ORDER BY n.number;
END
