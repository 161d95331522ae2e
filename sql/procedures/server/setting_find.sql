-- One setting. Row: its value. DR404 it was never set.
CREATE OR REPLACE PROCEDURE setting_find(IN p_name VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM setting WHERE name = p_name) THEN
    CALL error_raise(404, CONCAT('there is no setting "', p_name, '"'));
  END IF;
  SELECT value FROM setting WHERE name = p_name;
END
