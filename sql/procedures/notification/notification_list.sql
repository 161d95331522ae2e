-- A user's notifications: newest first below p_before (0: from the newest), or with p_after oldest first above it, of
-- one channel or of all (''). Rows: id, kind, channel, message, job_id and slave_id (0: none), state, number of tries,
-- problem, when it was created and ended. No errors.
CREATE OR REPLACE PROCEDURE notification_list(IN p_user_id BIGINT, IN p_channel VARCHAR(16), IN p_before BIGINT,
  IN p_after BIGINT, IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  SELECT n.id, n.kind, n.channel, n.message, COALESCE(n.job_id, 0) AS job_id, COALESCE(n.slave_id, 0) AS slave_id,
    n.state, n.try_count, n.problem, time_text(n.created_at) AS created_at, time_text(n.ended_at) AS ended_at
  FROM notification n FORCE INDEX (notification_user)
  WHERE n.user_id = p_user_id AND n.id < v_before AND n.id > COALESCE(p_after, 0)
    AND (p_channel = '' OR n.channel = p_channel)
  ORDER BY IF(p_after IS NULL, -n.id, n.id) LIMIT v_limit;
END
