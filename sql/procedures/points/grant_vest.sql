-- VEST: an audit passed, the points of these results become available to the user and count in their total points.
-- p_batch: [[attempt, task]...]. An earlier outcome holds. Rows: see grant_decide. No errors.
CREATE OR REPLACE PROCEDURE grant_vest(IN p_batch LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  CALL grant_decide(p_batch, 'vest');
END
