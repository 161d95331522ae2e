-- A user's notification settings. Row: e-mail address, choices as JSON [[kind, channel]...], the id of the newest
-- notification, and whether the e-mail address is confirmed. DR404 no such user.
CREATE OR REPLACE PROCEDURE notification_settings_show(IN p_user_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM user WHERE id = p_user_id) THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;
  SELECT COALESCE(u.email, '') AS email,
    COALESCE((SELECT JSON_ARRAYAGG(JSON_ARRAY(c.kind, c.channel) ORDER BY c.kind, c.channel)
      FROM notification_choice c WHERE c.user_id = u.id), '[]') AS choices,
    COALESCE((SELECT MAX(n.id) FROM notification n WHERE n.user_id = u.id), 0) AS newest,
    COALESCE(BINARY u.email = BINARY u.confirmed_email, FALSE) AS confirmed
  FROM user u WHERE u.id = p_user_id;
END
