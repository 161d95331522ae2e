-- What authenticating a slave needs. Row: id, user_id, name, password_hash (raw), state, remote_settings, whether the
-- owner is blocked. DR404 no such slavekey.
CREATE OR REPLACE PROCEDURE slave_find(IN p_slavekey VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  IF NOT EXISTS (SELECT 1 FROM slave WHERE slavekey = p_slavekey) THEN
    CALL error_raise(404, 'there is no slave with this slavekey');
  END IF;
  SELECT s.id, s.user_id, s.name, s.password_hash, s.state, s.remote_settings, u.blocked_at IS NOT NULL AS blocked
  FROM slave s JOIN user u ON u.id = s.user_id WHERE s.slavekey = p_slavekey;
END
