-- Changes a user's notification choices. p_choices: all of them, JSON [[kind, channel]...]; NULL keeps them. DR400 an
-- invalid value, DR404 no such user.
CREATE OR REPLACE PROCEDURE notification_settings_change(IN p_user_id BIGINT, IN p_choices LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_bad TEXT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_choices IS NOT NULL THEN
    IF NOT JSON_VALID(p_choices) THEN
      CALL error_raise(400, 'the choices are no JSON');
    END IF;
    SET v_bad = (SELECT CONCAT(COALESCE(kind, ''), ' by ', COALESCE(channel, ''))
      FROM JSON_TABLE(p_choices, '$[*]' COLUMNS (kind VARCHAR(100) PATH '$[0]', channel VARCHAR(100) PATH '$[1]')) n
      WHERE COALESCE(kind, '') NOT IN ('job_done', 'job_paused', 'slave_offline', 'points')
        OR COALESCE(channel, '') NOT IN ('mail', 'browser') LIMIT 1);
    IF v_bad IS NOT NULL THEN
      CALL error_raise(400, CONCAT('nobody can be told "', v_bad, '"'));
    END IF;
  END IF;

  START TRANSACTION;
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id FOR UPDATE) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  IF p_choices IS NOT NULL THEN
    DELETE FROM notification_choice WHERE user_id = p_user_id AND (kind, channel) NOT IN (SELECT n.kind, n.channel
      FROM JSON_TABLE(p_choices, '$[*]' COLUMNS (kind VARCHAR(100) PATH '$[0]', channel VARCHAR(100) PATH '$[1]')) n);
    INSERT IGNORE INTO notification_choice (user_id, kind, channel, chosen_at)
    SELECT p_user_id, n.kind, n.channel, UTC_TIMESTAMP(3)
    FROM JSON_TABLE(p_choices, '$[*]' COLUMNS (kind VARCHAR(100) PATH '$[0]', channel VARCHAR(100) PATH '$[1]')) n;
  END IF;
  COMMIT;
END
