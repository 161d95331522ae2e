-- Keeps the newest p_keep rows of activity and deletes up to 10,000 older ones a call. No errors.
CREATE OR REPLACE PROCEDURE activity_trim(IN p_keep BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_last BIGINT DEFAULT (SELECT MAX(id) FROM activity);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM activity WHERE id <= v_last - GREATEST(p_keep, 0) ORDER BY id LIMIT 10000;
  COMMIT;
END
