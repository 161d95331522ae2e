-- Sends whoever has this name or this e-mail address (the other is '') a link to set a new password, if the address is
-- confirmed. It holds for an hour; five are sent within a day, and none within ten minutes of one that holds, so that
-- a stranger who asks for many neither ends those of somebody nor fills a mailbox. Does and takes the same when there
-- is nobody. No errors.
CREATE OR REPLACE PROCEDURE password_reset_create(IN p_name VARCHAR(1000), IN p_email VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS reset_user (user_id BIGINT NOT NULL PRIMARY KEY) ENGINE=MEMORY;
  DELETE FROM reset_user;
  START TRANSACTION;
  INSERT INTO reset_user (user_id)
  SELECT u.id FROM user u
  WHERE ((p_name <> '' AND u.name = p_name) OR (p_email <> '' AND u.confirmed_email = p_email))
    AND u.name IS NOT NULL AND BINARY u.email = BINARY u.confirmed_email
    AND NOT EXISTS (SELECT 1 FROM password_reset r WHERE r.user_id = u.id AND r.used_at IS NULL
      AND r.created_at > v_now - INTERVAL 10 MINUTE AND r.expires_at > v_now)
    AND (SELECT COUNT(*) FROM password_reset r WHERE r.user_id = u.id AND r.created_at > v_now - INTERVAL 1 DAY) < 5
  ORDER BY u.id LIMIT 3;
  UPDATE notification n JOIN reset_user t ON t.user_id = n.user_id
  SET n.state = 'given_up', n.ended_at = v_now, n.problem = 'another link was asked for'
  WHERE n.kind = 'reset' AND n.state = 'waiting';
  INSERT INTO password_reset (user_id, created_at, expires_at)
  SELECT user_id, v_now, v_now + INTERVAL 1 HOUR FROM reset_user
  UNION ALL SELECT NULL, v_now, v_now + INTERVAL 1 HOUR FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM reset_user);
  INSERT INTO notification (user_id, kind, channel, message, created_at, due_at)
  SELECT user_id, 'reset', 'mail', 'A link to set a new password', v_now, v_now FROM reset_user;
  COMMIT;
END
