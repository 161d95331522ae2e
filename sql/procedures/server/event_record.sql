-- Writes one line of what happened, for people to read. NULL: the event is not about such a thing. DR400 a bad kind.
CREATE OR REPLACE PROCEDURE event_record(IN p_kind VARCHAR(200), IN p_user BIGINT, IN p_slave BIGINT, IN p_job BIGINT,
  IN p_message TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  IF p_kind COLLATE utf8mb4_bin NOT REGEXP '^[a-z_]{1,32}\\z' THEN
    CALL error_raise(400, CONCAT('"', p_kind, '" cannot be a kind of event'));
  END IF;
  START TRANSACTION;
  INSERT INTO event (created_at, kind, user_id, slave_id, job_id, message)
  VALUES (UTC_TIMESTAMP(3), p_kind, p_user, p_slave, p_job, LEFT(p_message, 1000));
  COMMIT;
END
