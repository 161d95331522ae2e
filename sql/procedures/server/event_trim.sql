-- Keeps the newest p_keep events; of older ones 10,000 go at once. Called every minute.
-- No errors.
CREATE OR REPLACE PROCEDURE event_trim(IN p_keep BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_last BIGINT DEFAULT (SELECT MAX(id) FROM event);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  DELETE FROM event WHERE id <= v_last - GREATEST(p_keep, 0) ORDER BY id LIMIT 10000;
  COMMIT;
END
