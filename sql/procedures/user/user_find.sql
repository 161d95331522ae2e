-- The user of a name, whatever its case, one row, with the columns of user_list. DR404 no such user.
CREATE OR REPLACE PROCEDURE user_find(IN p_name VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_user_id BIGINT DEFAULT (SELECT id FROM user WHERE name = p_name);
  IF v_user_id IS NULL THEN
    CALL error_raise(404, 'there is no user of this name');
  END IF;
  CALL user_show(v_user_id);
END
