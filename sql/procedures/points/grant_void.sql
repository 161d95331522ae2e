-- VOID: an audit failed, these results earn nothing: their points return to the mint, and boost payouts to the job, or
-- to its owner when it has ended. p_batch: [[attempt, task]...]. An earlier outcome holds. Rows: see grant_decide.
-- No errors.
CREATE OR REPLACE PROCEDURE grant_void(IN p_batch LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  CALL grant_decide(p_batch, 'void');
END
