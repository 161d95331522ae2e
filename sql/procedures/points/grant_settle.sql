-- Settles held grants, now that their fair value is known. p_batch: [[attempt, task, grant, fair]...], millipoints;
-- fair 0: there is none, the smallest claim of the job bounds the grant. A grant above its bounds is cut
-- (points_take_held). Settling again changes nothing. Rows in order: attempt, points; NULL points: no grant of this
-- attempt is known.
-- No errors.
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

  INSERT IGNORE INTO points_held (attempt_id, `grant`, fair)
  SELECT h.attempt_id, GREATEST(COALESCE(n.points, 0), 0), n.fair
  FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (
    attempt_id BIGINT PATH '$[0]', points BIGINT PATH '$[2]', fair BIGINT PATH '$[3]')) n
  STRAIGHT_JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = n.attempt_id;
  IF ROW_COUNT() > 0 THEN
    CALL points_take_held();
    CALL points_post();
  END IF;
  COMMIT;

  SELECT n.attempt_id, a.points
  FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (number FOR ORDINALITY, attempt_id BIGINT PATH '$[0]',
    task_id BIGINT PATH '$[1]')) n
  LEFT JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = n.task_id AND a.id = n.attempt_id
  ORDER BY n.number;
END
