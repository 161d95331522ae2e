-- Fails with SQLSTATE DR<code> and a message for users: DR400 invalid, DR403 denied, DR404 not found, DR409 conflict,
-- and conflicts that programs tell apart: DR402 insufficient points, DR411 name taken, DR412 another revision, DR413
-- quota exceeded, DR422 idempotency key reused, DR424 files missing, DR425 the request is in progress, DR429 too many
-- e-mails. What the API makes of them: server/database/connection.cpp. Other procedures call it because it truncates a
-- message that is longer than a condition item.
CREATE OR REPLACE PROCEDURE error_raise(IN p_code INT, IN p_message TEXT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_message VARCHAR(480) DEFAULT LEFT(p_message, 480);
  CASE p_code
    WHEN 400 THEN SIGNAL SQLSTATE 'DR400' SET MESSAGE_TEXT = v_message;
    WHEN 403 THEN SIGNAL SQLSTATE 'DR403' SET MESSAGE_TEXT = v_message;
    WHEN 404 THEN SIGNAL SQLSTATE 'DR404' SET MESSAGE_TEXT = v_message;
    WHEN 402 THEN SIGNAL SQLSTATE 'DR402' SET MESSAGE_TEXT = v_message;
    WHEN 411 THEN SIGNAL SQLSTATE 'DR411' SET MESSAGE_TEXT = v_message;
    WHEN 412 THEN SIGNAL SQLSTATE 'DR412' SET MESSAGE_TEXT = v_message;
    WHEN 413 THEN SIGNAL SQLSTATE 'DR413' SET MESSAGE_TEXT = v_message;
    WHEN 422 THEN SIGNAL SQLSTATE 'DR422' SET MESSAGE_TEXT = v_message;
    WHEN 424 THEN SIGNAL SQLSTATE 'DR424' SET MESSAGE_TEXT = v_message;
    WHEN 425 THEN SIGNAL SQLSTATE 'DR425' SET MESSAGE_TEXT = v_message;
    WHEN 429 THEN SIGNAL SQLSTATE 'DR429' SET MESSAGE_TEXT = v_message;
    ELSE SIGNAL SQLSTATE 'DR409' SET MESSAGE_TEXT = v_message;
  END CASE;
END
