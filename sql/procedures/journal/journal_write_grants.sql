-- Part of journal_write's transaction: what each new result is granted, in millipoints, before its attempt is written.
--   one's own job        0
--   fair value known     min(requested grant, claim, grant limit, 1.15 * fair value), recorded as activity if reduced
--   no fair value        held (NULL); on a grid with the setting points.grant_by = claim: min(claim, grant limit)
-- Grant limit: 1.25 * demonstrated power * wall time by the server's clock. A result without a claim, or of a deleted
-- slave, gets no grant and no user_id. No errors.
CREATE OR REPLACE PROCEDURE journal_write_grants()
SQL SECURITY DEFINER
BEGIN
  DECLARE v_private BOOLEAN DEFAULT COALESCE(
    (SELECT value = 'claim' FROM setting WHERE name = 'points.grant_by'), FALSE);

  UPDATE journal_outcome e
  STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = e.job_id
  STRAIGHT_JOIN slave s FORCE INDEX (PRIMARY) ON s.id = e.slave_id
  SET e.user_id = s.user_id,
    e.is_sample = s.user_id <> j.user_id,
    e.claim = LEAST(e.claim, 1000000000000000),  -- a million million points: sums of these fit
    e.grant_limit = GREATEST(COALESCE(e.grant_limit, 0), 0),
    e.fair_value = IF(e.fair_value > 0, e.fair_value, NULL),
    e.boost = LEAST(GREATEST(COALESCE(e.boost, 0), 0), 4000),
    e.granted = IF(s.user_id = j.user_id, 0,
      IF(e.fair_value > 0,
        LEAST(GREATEST(COALESCE(e.requested_grant, 0), 0), e.claim, e.grant_limit,
          e.fair_value DIV 100 * 115 + e.fair_value MOD 100 * 115 DIV 100),
        IF(v_private, LEAST(e.claim, e.grant_limit), NULL)))
  WHERE e.is_result AND e.claim > 0;

  INSERT INTO activity (created_at, kind, user_id, slave_id, job_id, message)
  SELECT UTC_TIMESTAMP(3), 'grant_capped', e.user_id, e.slave_id, e.job_id, CONCAT('A grant of ', e.requested_grant,
    ' millipoints for attempt ', e.attempt_id, ' was cut to ', e.granted, ': claim ', e.claim, ', fair value ',
    e.fair_value, ', bound ', e.grant_limit)
  FROM journal_outcome e
  WHERE e.is_result AND e.is_sample AND e.fair_value > 0 AND e.requested_grant > e.granted;
END
