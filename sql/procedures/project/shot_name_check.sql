-- DR400 invalid names of a sequence and a shot; NULL is not checked.
CREATE OR REPLACE PROCEDURE shot_name_check(IN p_sequence_name VARCHAR(1000), IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  IF CHAR_LENGTH(TRIM(p_sequence_name)) NOT BETWEEN 1 AND 64 OR INSTR(p_sequence_name, '/') > 0 THEN
    CALL error_raise(400, CONCAT('"', LEFT(p_sequence_name, 80),
      '" cannot be a sequence''s name; it has 1 to 64 characters and no /'));
  END IF;
  IF CHAR_LENGTH(TRIM(p_name)) NOT BETWEEN 1 AND 64 OR INSTR(p_name, '/') > 0 THEN
    CALL error_raise(400, CONCAT('"', LEFT(p_name, 80),
      '" cannot be a shot''s name; it has 1 to 64 characters and no /'));
  END IF;
END
