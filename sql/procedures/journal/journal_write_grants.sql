-- Part of journal_write's transaction: what each new result is granted, in millipoints, before its attempt is written.
--   one's own job        0
--   fair value known     min(grant, claim, bound, 1.15 * fair value); a grant above that is cut, and an event says so
--   no fair value        held (NULL); on a grid with the setting points.grant_by = claim: min(claim, bound)
-- bound is 1.25 * demonstrated power * wall time by the server's clock. A result without a claim, or of a slave that is
-- gone, is not judged: it has no user_id.
-- No errors.
CREATE OR REPLACE PROCEDURE journal_write_grants()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_private BOOLEAN DEFAULT COALESCE((SELECT value = 'claim' FROM setting WHERE name = 'points.grant_by'), FALSE);

  UPDATE journal_ending e
  STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
  STRAIGHT_JOIN slave s FORCE INDEX (PRIMARY) ON s.id = e.slave_id
  SET e.user_id = s.user_id,
    e.counts = s.user_id <> j.user_id,
    e.claim = LEAST(e.claim, 1000000000000000),  -- a million million points: sums of these fit
    e.bound = GREATEST(COALESCE(e.bound, 0), 0),
    e.fair = IF(e.fair > 0, e.fair, NULL),
    e.boost = LEAST(GREATEST(COALESCE(e.boost, 0), 0), 4000),
    e.points = IF(s.user_id = j.user_id, 0,
      IF(e.fair > 0,
        LEAST(GREATEST(COALESCE(e.asked, 0), 0), e.claim, e.bound, e.fair DIV 100 * 115 + e.fair MOD 100 * 115 DIV 100),
        IF(v_private, LEAST(e.claim, e.bound), NULL)))
  WHERE e.won AND e.claim > 0;

  INSERT INTO event (created_at, kind, user_id, slave_id, job_id, message)
  SELECT UTC_TIMESTAMP(3), 'grant_capped', e.user_id, e.slave_id, e.job_id, CONCAT('A grant of ', e.asked,
    ' millipoints for attempt ', e.attempt_id, ' was cut to ', e.points, ': claim ', e.claim, ', fair value ', e.fair,
    ', bound ', e.bound)
  FROM journal_ending e
  WHERE e.won AND e.counts AND e.fair > 0 AND e.asked > e.points;
END
