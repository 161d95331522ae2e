-- Creates the notifications of new activity for the users who chose its kind before it happened, and the deliveries of
-- their webhooks (webhook_enqueue), once for each. Activity gets its id before its transaction ends: that of the last
-- minute is read again. Beyond 30 mails an hour for a user the rest is given up, with that as its problem; codes
-- and links that people ask for, and tests, have limits of their own. Rows: users with new browser notifications.
-- No errors.
CREATE OR REPLACE PROCEDURE notification_enqueue()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE v_from BIGINT;
  DECLARE v_to BIGINT;
  DECLARE v_made INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT next_value INTO v_from FROM counter WHERE name = 'notification' FOR UPDATE;
  SET v_to = GREATEST(v_from, COALESCE((SELECT MAX(id) FROM activity), 0));
  INSERT IGNORE INTO notification (user_id, kind, channel, activity_id, job_id, slave_id, message, state, created_at,
    due_at, ended_at)
  SELECT e.user_id, c.kind, c.channel, e.id, e.job_id, e.slave_id, e.message,
    IF(c.channel = 'browser', 'sent', 'waiting'), v_now, v_now, IF(c.channel = 'browser', v_now, NULL)
  FROM activity e FORCE INDEX (PRIMARY)
  JOIN notification_choice c ON c.user_id = e.user_id AND c.kind = CASE e.kind
    WHEN 'job_finished' THEN 'job_done' WHEN 'job_failed' THEN 'job_done' WHEN 'job_paused' THEN 'job_paused'
    WHEN 'slave_offline' THEN 'slave_offline'
    WHEN 'points_given' THEN 'points' WHEN 'points_adjusted' THEN 'points' END AND c.chosen_at <= e.created_at
  JOIN user u ON u.id = e.user_id AND u.blocked_at IS NULL
  WHERE e.id > v_from - 1000 AND e.id <= v_to AND e.created_at > v_now - INTERVAL 1 DAY
    AND (e.id > v_from OR e.created_at > v_now - INTERVAL 1 MINUTE);
  SET v_made = ROW_COUNT();
  UPDATE counter SET next_value = v_to WHERE name = 'notification';
  IF v_made > 0 THEN
    UPDATE notification n
    JOIN (SELECT id, ROW_NUMBER() OVER (PARTITION BY user_id, channel ORDER BY id) AS place
          FROM notification WHERE created_at > v_now - INTERVAL 1 HOUR AND channel = 'mail'
            AND kind NOT IN ('confirm', 'reset', 'test')) r ON r.id = n.id
    SET n.state = 'given_up', n.ended_at = v_now, n.problem = 'more than 30 within an hour'
    WHERE r.place > 30 AND n.state = 'waiting' AND n.try_count = 0;
  END IF;
  CALL webhook_enqueue(v_from, v_to, v_now);
  COMMIT;
  SELECT DISTINCT user_id FROM notification WHERE v_made > 0 AND channel = 'browser' AND created_at >= v_now;
END
