-- VOID: an audit failed, these results earn nothing: their points return to the mint, and what a boost paid for them
-- to the job, or to who paid it when the job has ended. p_batch: [[attempt, task]...]. A result whose fate is decided
-- keeps it; the rows are grant_decide's.
-- No errors.
CREATE OR REPLACE PROCEDURE grant_void(IN p_batch LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  CALL grant_decide(p_batch, 'void');
END
