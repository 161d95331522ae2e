-- Up to p_limit due notifications, oldest first, for the caller to send; no other call returns them for five minutes.
-- An unconfirmed e-mail address gets only its confirmation code. Rows: id, user's name, kind, channel, message,
-- job_id, slave_id (0: none), e-mail address, creation time (UNIX s), number of earlier tries, code (of a link: its
-- id, '/' and time of creation in UNIX ms, of which the secret is made). No errors.
CREATE OR REPLACE PROCEDURE notification_dequeue(IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS notification_taken (id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM notification_taken;
  START TRANSACTION;
  INSERT INTO notification_taken (id)
  SELECT id FROM notification WHERE state = 'waiting' AND due_at <= v_now ORDER BY due_at, id LIMIT p_limit FOR UPDATE;
  UPDATE notification_taken t STRAIGHT_JOIN notification n FORCE INDEX (PRIMARY) ON n.id = t.id
  SET n.try_count = n.try_count + 1, n.due_at = v_now + INTERVAL 5 MINUTE;
  COMMIT;

  SELECT n.id, u.name, n.kind, n.channel, n.message, COALESCE(n.job_id, 0) AS job_id,
    COALESCE(n.slave_id, 0) AS slave_id, CASE
      WHEN n.kind = 'confirm' THEN COALESCE(c.email, '')
      WHEN BINARY u.email = BINARY u.confirmed_email THEN u.email
      ELSE '' END AS email, TIMESTAMPDIFF(SECOND, '1970-01-01', n.created_at) AS created_s,
    n.try_count - 1 AS tried, CASE n.kind
      WHEN 'confirm' THEN COALESCE(c.code, '')
      WHEN 'reset' THEN COALESCE(CONCAT(r.id, '/', TIMESTAMPDIFF(MICROSECOND, '1970-01-01', r.created_at) DIV 1000), '')
      ELSE '' END AS code
  FROM notification_taken t
  STRAIGHT_JOIN notification n FORCE INDEX (PRIMARY) ON n.id = t.id
  JOIN user u ON u.id = n.user_id
  LEFT JOIN email_code c ON c.user_id = n.user_id AND c.expires_at > v_now AND BINARY c.email = BINARY u.email
  LEFT JOIN password_reset r ON n.kind = 'reset' AND r.user_id = n.user_id AND r.used_at IS NULL
    AND r.expires_at > v_now AND NOT EXISTS (SELECT 1 FROM password_reset later
      WHERE later.user_id = r.user_id AND later.id > r.id AND later.used_at IS NULL)
  ORDER BY n.id;
END
