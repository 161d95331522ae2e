-- Queues long work that a user asks for. Row: its id; that of the same work by the same user, if it has not ended.
-- DR413
-- too many of this user's are waiting.
CREATE OR REPLACE PROCEDURE operation_create(IN p_user_id BIGINT, IN p_kind VARCHAR(32), IN p_target_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_id BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  DO (SELECT id FROM user WHERE id = p_user_id FOR UPDATE);
  SET v_id = (SELECT MIN(id) FROM operation WHERE user_id = p_user_id AND state IN ('queued', 'running')
    AND kind = p_kind AND target_id <=> p_target_id);
  IF v_id IS NULL THEN
    IF (SELECT COUNT(*) FROM operation WHERE user_id = p_user_id AND state IN ('queued', 'running')) >= 200 THEN
      CALL error_raise(413, '200 operations of yours are waiting; retry when some of them are done');
    END IF;
    INSERT INTO operation (user_id, kind, target_id, created_at)
    VALUES (p_user_id, p_kind, p_target_id, UTC_TIMESTAMP(3));
    SET v_id = LAST_INSERT_ID();
  END IF;
  COMMIT;
  SELECT v_id AS id;
END
