-- What a sign-on needs. Row: id, user, name, password_hash (raw), state, settings. DR404 no such slavekey.
CREATE OR REPLACE PROCEDURE slave_find(IN p_slavekey VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM slave WHERE slavekey = p_slavekey) THEN
    CALL error_raise(404, 'there is no slave with this slavekey');
  END IF;
  SELECT id, user_id, name, password_hash, state, settings FROM slave WHERE slavekey = p_slavekey;
END
