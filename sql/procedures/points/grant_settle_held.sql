-- Part of a transaction: settles the held grants in points_settled, whose jobs are locked: moves them from held_grant
-- to points_due and sets the attempt's granted. A grant is at most the claim, the grant limit, and 1.15 times the fair
-- value or, without one, the smallest claim of the job; a reduced grant is recorded as activity. No errors.
CREATE OR REPLACE PROCEDURE grant_settle_held()
SQL SECURITY DEFINER
BEGIN
  INSERT INTO points_due (attempt_id, ref, task_id, job_id, slave_id, frame, pending_id, available_id, escrow_id,
    points, fair_value, boost, audit_outcome)
  SELECT h.attempt_id, h.attempt_id, h.task_id, h.job_id, a.slave_id, t.frame, p.id, v.id, x.id,
    GREATEST(0, LEAST(h.claim, a.grant_limit, COALESCE(n.grant, h.claim),
      IF(n.fair_value > 0, n.fair_value DIV 100 * 115 + n.fair_value MOD 100 * 115 DIV 100,
        COALESCE(j.min_claim, h.claim)))),
    IF(n.fair_value > 0, n.fair_value, NULL), h.boost, h.audit_outcome
  FROM points_settled n
  STRAIGHT_JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = n.attempt_id
  STRAIGHT_JOIN job j FORCE INDEX (PRIMARY) ON j.id = h.job_id
  STRAIGHT_JOIN task t FORCE INDEX (PRIMARY) ON t.id = h.task_id
  STRAIGHT_JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = h.task_id AND a.id = h.attempt_id
  STRAIGHT_JOIN account p FORCE INDEX (account_user_unique) ON p.user_id = h.user_id AND p.kind = 'pending'
  STRAIGHT_JOIN account v FORCE INDEX (account_user_unique) ON v.user_id = h.user_id AND v.kind = 'available'
  LEFT JOIN account x FORCE INDEX (account_job_unique) ON x.job_id = h.job_id AND x.kind = 'escrow';

  INSERT INTO activity (created_at, kind, user_id, slave_id, job_id, message)
  SELECT UTC_TIMESTAMP(3), 'grant_capped', h.user_id, d.slave_id, d.job_id, CONCAT('A grant of ', n.grant,
    ' millipoints for attempt ', d.attempt_id, ' was cut to ', d.points, ': claim ', h.claim, ', fair value ',
    COALESCE(n.fair_value, 0))
  FROM points_settled n
  STRAIGHT_JOIN points_due d ON d.attempt_id = n.attempt_id
  STRAIGHT_JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = n.attempt_id
  WHERE n.grant > d.points;

  UPDATE points_settled n
  STRAIGHT_JOIN points_due d ON d.attempt_id = n.attempt_id
  STRAIGHT_JOIN attempt a FORCE INDEX (PRIMARY) ON a.task_id = d.task_id AND a.id = d.attempt_id
  SET a.granted = d.points, a.fair_value = d.fair_value;

  DELETE h FROM points_settled n
  STRAIGHT_JOIN points_due d ON d.attempt_id = n.attempt_id
  STRAIGHT_JOIN held_grant h FORCE INDEX (PRIMARY) ON h.attempt_id = n.attempt_id;
  DELETE FROM points_settled;
END
