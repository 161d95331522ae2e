-- Reserves p_count consecutive attempt ids. Row: the first. DR400 a count below 1 or above 1,000,000.
CREATE OR REPLACE PROCEDURE attempt_reserve(IN p_count BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_first BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  IF p_count NOT BETWEEN 1 AND 1000000 THEN
    CALL error_raise(400, CONCAT('cannot reserve ', p_count, ' attempt numbers; ask for 1 to 1,000,000'));
  END IF;
  START TRANSACTION;
  SELECT next_value INTO v_first FROM counter WHERE name = 'attempt' FOR UPDATE;
  UPDATE counter SET next_value = next_value + p_count WHERE name = 'attempt';
  COMMIT;
  SELECT v_first AS first;
END
