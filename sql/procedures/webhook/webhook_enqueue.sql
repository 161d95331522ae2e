-- Part of notification_enqueue: creates the deliveries of the activity from p_from on to p_to, and of the browser
-- notifications that it has just created, for the webhooks that listen to their events, once for each. Beyond 600 an
-- hour for a webhook the rest is given up, with that as its problem. No errors.
CREATE OR REPLACE PROCEDURE webhook_enqueue(IN p_from BIGINT, IN p_to BIGINT, IN p_now DATETIME(3))
SQL SECURITY DEFINER
webhooks: BEGIN
  DECLARE v_made INT;

  IF NOT EXISTS (SELECT 1 FROM webhook WHERE is_enabled) THEN
    LEAVE webhooks;
  END IF;
  INSERT IGNORE INTO webhook_delivery (webhook_id, event, activity_id, data, occurred_at, created_at, due_at)
  SELECT w.id, e.event, e.id, CASE
      WHEN e.event LIKE 'job.%' THEN JSON_OBJECT('id', e.job_id, 'name', j.name,
        'state_reason', IF(e.event IN ('job.failed', 'job.paused'), NULLIF(j.state_reason, ''), NULL),
        'message', e.message)
      WHEN e.event = 'slave.offline' THEN JSON_OBJECT('id', e.slave_id, 'name', s.name, 'message', e.message)
      ELSE JSON_OBJECT('message', e.message) END,
    e.created_at, p_now, p_now
  FROM (SELECT id, user_id, job_id, slave_id, message, created_at, CASE kind
      WHEN 'job_created' THEN 'job.created' WHEN 'job_deleted' THEN 'job.deleted'
      WHEN 'job_finished' THEN 'job.finished' WHEN 'job_failed' THEN 'job.failed' WHEN 'job_paused' THEN 'job.paused'
      WHEN 'slave_offline' THEN 'slave.offline'
      WHEN 'points_given' THEN 'points.changed' WHEN 'points_adjusted' THEN 'points.changed' END AS event
    FROM activity FORCE INDEX (PRIMARY)
    WHERE id > p_from - 1000 AND id <= p_to AND created_at > p_now - INTERVAL 1 DAY
      AND (id > p_from OR created_at > p_now - INTERVAL 1 MINUTE)) e
  JOIN webhook w FORCE INDEX (webhook_user) ON w.user_id = e.user_id AND w.is_enabled
    AND FIND_IN_SET(e.event, w.topics) > 0 AND w.listens_since <= e.created_at
  JOIN user u ON u.id = e.user_id AND u.blocked_at IS NULL
  LEFT JOIN job j ON j.id = e.job_id
  LEFT JOIN slave s ON s.id = e.slave_id;
  SET v_made = ROW_COUNT();
  INSERT IGNORE INTO webhook_delivery (webhook_id, event, activity_id, data, occurred_at, created_at, due_at)
  SELECT w.id, 'notification.created', n.activity_id, JSON_OBJECT('id', n.id, 'kind', n.kind, 'message', n.message,
    'job_id', n.job_id, 'slave_id', n.slave_id), n.created_at, p_now, p_now
  FROM notification n FORCE INDEX (notification_created_at)
  JOIN webhook w FORCE INDEX (webhook_user) ON w.user_id = n.user_id AND w.is_enabled
    AND FIND_IN_SET('notification.created', w.topics) > 0
  WHERE n.created_at = p_now AND n.channel = 'browser' AND n.activity_id IS NOT NULL;
  IF v_made + ROW_COUNT() > 0 THEN
    UPDATE webhook_delivery d
    JOIN (SELECT id, ROW_NUMBER() OVER (PARTITION BY webhook_id ORDER BY id) AS place
          FROM webhook_delivery FORCE INDEX (webhook_delivery_created_at)
          WHERE created_at > p_now - INTERVAL 1 HOUR) r ON r.id = d.id
    SET d.state = 'given_up', d.ended_at = p_now, d.problem = 'more than 600 within an hour'
    WHERE r.place > 600 AND d.state = 'waiting' AND d.try_count = 0 AND d.requested_at IS NULL;
  END IF;
END
