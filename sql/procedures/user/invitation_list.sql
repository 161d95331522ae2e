-- Invitations, newest first, ids below p_before (0: from the newest). p_user_id: who made them (0: anybody);
-- p_invitation_id: this one alone (0: all). Rows: id, user_id and name of who made it, note, when it was created,
-- expires and was used, user_id (0: nobody) and name of who used it. No errors.
CREATE OR REPLACE PROCEDURE invitation_list(IN p_user_id BIGINT, IN p_invitation_id BIGINT, IN p_before BIGINT,
  IN p_limit INT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_before BIGINT DEFAULT IF(p_before > 0, p_before, 9223372036854775807);
  DECLARE v_limit INT DEFAULT LEAST(GREATEST(p_limit, 1), 1001);

  SELECT i.id, i.user_id, u.name AS user_name, i.note, time_text(i.created_at) AS created_at,
    time_text(i.expires_at) AS expires_at, time_text(i.used_at) AS used_at, COALESCE(i.used_by_user_id, 0) AS used_by,
    b.name AS used_by_name
  FROM invitation i JOIN user u ON u.id = i.user_id LEFT JOIN user b ON b.id = i.used_by_user_id
  WHERE i.id < v_before AND (p_user_id = 0 OR i.user_id = p_user_id)
    AND (p_invitation_id = 0 OR i.id = p_invitation_id)
  ORDER BY i.id DESC LIMIT v_limit;
END
