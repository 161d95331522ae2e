-- Fails with SQLSTATE DR400 (invalid), DR403 (denied), DR404 (not found) or DR409 (conflict) and a message for users.
-- Other procedures call it because it truncates a message that is longer than a condition item.
CREATE OR REPLACE PROCEDURE error_raise(IN p_code INT, IN p_message TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_message VARCHAR(480) DEFAULT LEFT(p_message, 480);
  CASE p_code
    WHEN 400 THEN SIGNAL SQLSTATE 'DR400' SET MESSAGE_TEXT = v_message;
    WHEN 403 THEN SIGNAL SQLSTATE 'DR403' SET MESSAGE_TEXT = v_message;
    WHEN 404 THEN SIGNAL SQLSTATE 'DR404' SET MESSAGE_TEXT = v_message;
    ELSE SIGNAL SQLSTATE 'DR409' SET MESSAGE_TEXT = v_message;
  END CASE;
END
