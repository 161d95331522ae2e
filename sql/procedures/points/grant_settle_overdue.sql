-- Settles up to p_limit grants, oldest first, that are held for p_hours or longer or whose job has ended, by the
-- smallest claim of their job, and refunds ended jobs without held grants. One row: how many were settled; call again
-- while it is p_limit. DR400 a limit outside 1 to 10,000 or negative hours.
CREATE OR REPLACE PROCEDURE grant_settle_overdue(IN p_hours INT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_settled INT;
  DECLARE v_locked INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_limit NOT BETWEEN 1 AND 10000 OR p_hours < 0 THEN
    CALL error_raise(400, CONCAT('cannot settle ', p_limit, ' grants held for ', p_hours,
      ' hours; ask for 1 to 10,000 and 0 hours or more'));
  END IF;
  CALL points_begin();
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  INSERT IGNORE INTO points_job (job_id)
  SELECT job_id FROM (
    (SELECT h.job_id FROM held_grant h WHERE h.held_at <= TIMESTAMPADD(HOUR, -p_hours, UTC_TIMESTAMP(3))
     ORDER BY h.held_at LIMIT p_limit)
    UNION ALL
    (SELECT h.job_id FROM held_grant h STRAIGHT_JOIN job j ON j.id = h.job_id
     WHERE j.state IN ('finished', 'failed', 'cancelled') LIMIT p_limit)) overdue;
  CALL points_lock_jobs(v_locked);

  INSERT INTO points_settled (attempt_id)
  SELECT h.attempt_id
  FROM points_job n STRAIGHT_JOIN job j ON j.id = n.job_id STRAIGHT_JOIN held_grant h ON h.job_id = n.job_id
  WHERE j.state IN ('finished', 'failed', 'cancelled')
    OR h.held_at <= TIMESTAMPADD(HOUR, -p_hours, UTC_TIMESTAMP(3))
  ORDER BY h.attempt_id LIMIT p_limit;
  SET v_settled = ROW_COUNT();
  IF v_settled > 0 THEN
    CALL grant_settle_held();
    CALL points_post();
  END IF;
  COMMIT;
  SELECT v_settled AS settled;
END
