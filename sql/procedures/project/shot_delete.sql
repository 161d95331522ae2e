-- Removes a shot; its jobs stay, and a sequence without shots goes. DR404 when there is no such shot.
CREATE OR REPLACE PROCEDURE shot_delete(IN p_shot BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_sequence BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SET v_sequence = (SELECT sequence_id FROM shot WHERE id = p_shot FOR UPDATE);
  IF v_sequence IS NULL THEN
    CALL error_raise(404, CONCAT('there is no shot ', p_shot));
  END IF;
  UPDATE job SET shot_id = NULL WHERE shot_id = p_shot;
  DELETE FROM shot WHERE id = p_shot;
  DELETE FROM sequence WHERE id = v_sequence AND NOT EXISTS (SELECT 1 FROM shot WHERE sequence_id = v_sequence);
  COMMIT;
END
