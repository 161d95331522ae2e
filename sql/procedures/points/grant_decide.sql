-- Shared by grant_vest and grant_void: applies the audit outcome to the results of p_batch ([[attempt, task]...]),
-- once. Rows in order: attempt_id, answer, points. Answers: vested or void (the outcome that holds, new or earlier),
-- nothing (it was granted nothing), unknown. points: NULL while the grant is held; the outcome then applies when it is
-- settled. No errors.
CREATE OR REPLACE PROCEDURE grant_decide(IN p_batch LONGTEXT, IN p_audit_outcome VARCHAR(4))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_locked INT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CREATE TEMPORARY TABLE IF NOT EXISTS grant_request (
    attempt_id BIGINT NOT NULL,
    ref VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    PRIMARY KEY (attempt_id) USING BTREE
  ) ENGINE=MEMORY;
  DELETE FROM grant_request;
  INSERT IGNORE INTO grant_request (attempt_id, ref)
  SELECT attempt_id, attempt_id FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (attempt_id BIGINT PATH '$[0]')) n
  WHERE attempt_id > 0;
  CALL points_begin();

  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  INSERT IGNORE INTO points_job (job_id)
  SELECT h.job_id FROM grant_request w STRAIGHT_JOIN held_grant h ON h.attempt_id = w.attempt_id;
  INSERT IGNORE INTO points_job (job_id)
  SELECT t.job_id FROM grant_request w STRAIGHT_JOIN transaction t ON t.kind = 'earn' AND t.ref = w.ref;
  CALL points_lock_jobs(v_locked);
  -- The EARN is locked: it decides the outcome once, also when the job was deleted.
  SELECT COUNT(*) INTO v_locked
  FROM grant_request w FORCE INDEX (PRIMARY) STRAIGHT_JOIN transaction t ON t.kind = 'earn' AND t.ref = w.ref
  WHERE w.attempt_id > 0 FOR UPDATE;

  UPDATE grant_request w STRAIGHT_JOIN held_grant h ON h.attempt_id = w.attempt_id
  SET h.audit_outcome = p_audit_outcome WHERE h.audit_outcome IS NULL;

  INSERT INTO points_due (attempt_id, ref, task_id, job_id, slave_id, frame, pending_id, available_id, escrow_id,
    points, payout, earned, audit_outcome)
  SELECT w.attempt_id, w.ref, t.task_id, t.job_id, t.slave_id, t.frame, p.id, v.id,
    IF(f.account_id IS NULL OR j.state IN ('active', 'paused'), f.account_id,
      (SELECT g.account_id FROM entry e  -- the payer of the boost: the job may be deleted
       STRAIGHT_JOIN transaction b ON b.id = e.transaction_id AND b.kind = 'boost'
       STRAIGHT_JOIN entry g ON g.transaction_id = b.id AND g.amount < 0
       WHERE e.account_id = f.account_id ORDER BY e.transaction_id LIMIT 1)),
    m.amount, COALESCE(-f.amount, 0), TRUE, p_audit_outcome
  FROM grant_request w
  STRAIGHT_JOIN transaction t ON t.kind = 'earn' AND t.ref = w.ref
  STRAIGHT_JOIN entry m ON m.transaction_id = t.id AND m.account_id > 1
  STRAIGHT_JOIN account p ON p.id = m.account_id
  STRAIGHT_JOIN account v ON v.user_id = p.user_id AND v.kind = 'available'
  LEFT JOIN job j ON j.id = t.job_id
  LEFT JOIN transaction o ON o.kind = 'payout' AND o.ref = w.ref
  LEFT JOIN entry f ON f.transaction_id = o.id AND f.amount < 0
  WHERE NOT EXISTS (SELECT 1 FROM transaction d WHERE d.kind IN ('vest', 'void') AND d.ref = w.ref);
  CALL points_post();
  COMMIT;

  SELECT n.attempt_id,
    CASE
      WHEN d.kind = 'vest' OR h.audit_outcome = 'vest' THEN 'vested'
      WHEN d.kind = 'void' OR h.audit_outcome = 'void' THEN 'void'
      WHEN a.granted = 0 THEN 'nothing'
      ELSE 'unknown' END AS answer,
    IF(d.id IS NULL, a.granted, -m.amount) AS points
  FROM JSON_TABLE(p_batch, '$[*]' COLUMNS (number FOR ORDINALITY, attempt_id BIGINT PATH '$[0]',
    task_id BIGINT PATH '$[1]')) n
  LEFT JOIN transaction d ON d.kind IN ('vest', 'void')
    AND d.ref = CONVERT(n.attempt_id USING utf8mb4) COLLATE utf8mb4_bin
  LEFT JOIN entry m ON m.transaction_id = d.id AND m.amount < 0
  LEFT JOIN held_grant h ON h.attempt_id = n.attempt_id
  LEFT JOIN attempt a ON a.task_id = n.task_id AND a.id = n.attempt_id
  ORDER BY n.number;
END
