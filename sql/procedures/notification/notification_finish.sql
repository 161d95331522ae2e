-- Records the result of a try: p_problem '' when it was sent. A failed one is tried again after 1, 5, 15, 60, 180 and
-- 360 minutes, then given up; with p_final at once. An ended one stays as it is. No errors.
CREATE OR REPLACE PROCEDURE notification_finish(IN p_notification_id BIGINT, IN p_problem TEXT, IN p_final BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  UPDATE notification SET
    state = IF(p_problem = '', 'sent', IF(p_final OR try_count > 6, 'given_up', 'waiting')),
    ended_at = IF(state = 'waiting', NULL, v_now),
    due_at = v_now + INTERVAL COALESCE(ELT(try_count, 1, 5, 15, 60, 180, 360), 360) MINUTE,
    problem = LEFT(p_problem, 500)
  WHERE id = p_notification_id AND state = 'waiting';
  COMMIT;
END
