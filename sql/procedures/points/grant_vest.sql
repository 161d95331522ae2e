-- VEST: what these results earned becomes their renderer's to spend and counts for his rank; an audit passed. p_batch:
-- [[attempt, task]...]. A result whose fate is decided keeps it; the rows are grant_decide's.
-- No errors.
CREATE OR REPLACE PROCEDURE grant_vest(IN p_batch LONGTEXT)
SQL SECURITY DEFINER
BEGIN
  CALL grant_decide(p_batch, 'vest');
END
