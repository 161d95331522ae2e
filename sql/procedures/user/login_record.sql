-- Counts a failed login (p_success 0) or resets the count (1). Row: milliseconds that the user is locked now: none for
-- the first four, then 1 s, doubling up to 15 minutes. DR404 no such user.
CREATE OR REPLACE PROCEDURE login_record(IN p_user_id BIGINT, IN p_success BOOLEAN)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_wrong INT UNSIGNED;
  DECLARE v_locked_s INT DEFAULT 0;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT failed_logins INTO v_wrong FROM user WHERE id = p_user_id FOR UPDATE;
  IF v_wrong IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF p_success THEN
    IF v_wrong > 0 THEN
      UPDATE user SET failed_logins = 0, locked_until = NULL WHERE id = p_user_id;
    END IF;
  ELSE
    SET v_wrong = LEAST(v_wrong + 1, 1000000);
    SET v_locked_s = IF(v_wrong < 5, 0, LEAST(900, POW(2, LEAST(v_wrong - 5, 20))));
    UPDATE user SET failed_logins = v_wrong,
      locked_until = IF(v_locked_s = 0, NULL, UTC_TIMESTAMP(3) + INTERVAL v_locked_s SECOND)
    WHERE id = p_user_id;
    IF v_wrong IN (5, 20, 100, 1000) THEN
      INSERT INTO activity (created_at, kind, user_id, message)
      SELECT UTC_TIMESTAMP(3), 'login_locked', id, CONCAT(name, ' was locked after ', v_wrong, ' wrong passwords')
      FROM user WHERE id = p_user_id;
    END IF;
  END IF;
  COMMIT;
  SELECT v_locked_s * 1000 AS locked_for_ms;
END
