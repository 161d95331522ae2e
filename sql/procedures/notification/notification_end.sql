-- What became of a try: p_problem '' when it was sent. One that failed is tried again after 1, 5, 15, 60, 180 and 360
-- minutes, then given up; at once with p_for_good. One that has ended stays as it is.
-- No errors.
CREATE OR REPLACE PROCEDURE notification_end(IN p_notification BIGINT, IN p_problem TEXT, IN p_for_good BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  UPDATE notification SET
    state = IF(p_problem = '', 'sent', IF(p_for_good OR attempts > 6, 'given_up', 'waiting')),
    ended_at = IF(state = 'waiting', NULL, v_now),
    due_at = v_now + INTERVAL COALESCE(ELT(attempts, 1, 5, 15, 60, 180, 360), 360) MINUTE,
    problem = LEFT(p_problem, 500)
  WHERE id = p_notification AND state = 'waiting';
  COMMIT;
END
