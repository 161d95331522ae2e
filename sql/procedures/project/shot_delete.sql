-- Deletes a shot, and its sequence if it was the last one; its jobs stay. DR404 no such shot, DR412 another revision.
CREATE OR REPLACE PROCEDURE shot_delete(IN p_shot_id BIGINT)
SQL SECURITY DEFINER
BEGIN
  DECLARE v_sequence_id BIGINT;
  DECLARE v_revision BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  START TRANSACTION;
  SELECT sequence_id, revision INTO v_sequence_id, v_revision FROM shot WHERE id = p_shot_id FOR UPDATE;
  IF v_sequence_id IS NULL THEN
    CALL error_raise(404, CONCAT('there is no shot ', p_shot_id));
  END IF;
  CALL revision_check('shot', p_shot_id, v_revision);
  UPDATE job SET shot_id = NULL, revision = revision + 1 WHERE shot_id = p_shot_id;
  DELETE FROM shot WHERE id = p_shot_id;
  DELETE FROM sequence WHERE id = v_sequence_id AND NOT EXISTS (SELECT 1 FROM shot WHERE sequence_id = v_sequence_id);
  COMMIT;
END
