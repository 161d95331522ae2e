-- BOOST: moves points of a job's owner into its escrow. Idempotent: the same key with the same values returns the same
-- row and moves nothing. Row: transaction_id, job_id, points. DR400 an invalid amount or key, DR403 another user's
-- job, DR404 no such job, DR402 too few points, DR409 the job has ended, DR422 the key was used for something else.
CREATE OR REPLACE PROCEDURE job_boost(IN p_user_id BIGINT, IN p_job_id BIGINT, IN p_points BIGINT,
  IN p_key VARCHAR(1000))
SQL SECURITY DEFINER
BEGIN
  DECLARE v_ref VARCHAR(100) DEFAULT CONCAT(p_user_id, ':', LEFT(p_key, 64));
  DECLARE v_owner BIGINT;
  DECLARE v_state VARCHAR(16);
  DECLARE v_available BIGINT;
  DECLARE v_balance BIGINT;
  DECLARE v_transaction_id BIGINT;
  DECLARE v_job_id BIGINT;
  DECLARE v_points BIGINT;
  DECLARE v_escrow BIGINT;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;

  CALL points_key_check(p_points, p_key);
  SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
  START TRANSACTION;
  SELECT user_id, state INTO v_owner, v_state FROM job WHERE id = p_job_id AND state <> 'creating' FOR UPDATE;
  SELECT id, balance INTO v_available, v_balance FROM account WHERE user_id = p_user_id
    AND kind = 'available' FOR UPDATE;
  IF v_available IS NULL THEN
    CALL error_raise(404, CONCAT('there is no user ', p_user_id));
  END IF;

  SELECT t.id, t.job_id, e.amount INTO v_transaction_id, v_job_id, v_points
  FROM transaction t JOIN entry e ON e.transaction_id = t.id AND e.amount > 0
  WHERE t.kind = 'boost' AND t.ref = v_ref;
  IF v_transaction_id IS NOT NULL AND (v_job_id <> p_job_id OR v_points <> p_points) THEN
    CALL error_raise(422, CONCAT('the key "', p_key, '" was used to boost job ', v_job_id, ' with ',
      points_text(v_points), ' points; take a new key for another boost'));
  END IF;
  IF v_transaction_id IS NULL THEN
    IF v_owner IS NULL THEN
      CALL error_raise(404, CONCAT('there is no job ', p_job_id));
    END IF;
    IF v_owner <> p_user_id THEN
      CALL error_raise(403, CONCAT('job ', p_job_id, ' is not yours; only its owner can boost it'));
    END IF;
    IF v_state NOT IN ('active', 'paused') THEN
      CALL error_raise(409, CONCAT('job ', p_job_id, ' is ', v_state, '; there is nothing left to boost'));
    END IF;
    IF v_balance < p_points THEN
      CALL error_raise(402, CONCAT('you have ', points_text(v_balance), ' points to spend, not ',
        points_text(p_points)));
    END IF;
    SET v_escrow = (SELECT id FROM account WHERE job_id = p_job_id AND kind = 'escrow');
    IF v_escrow IS NULL THEN
      INSERT INTO account (kind, job_id) VALUES ('escrow', p_job_id);
      SET v_escrow = LAST_INSERT_ID();
    END IF;
    INSERT INTO transaction (kind, ref, job_id, actor_id, created_at)
    VALUES ('boost', v_ref, p_job_id, p_user_id, UTC_TIMESTAMP(3));
    SET v_transaction_id = LAST_INSERT_ID();
    CALL points_move_pair(v_transaction_id, v_available, v_escrow, p_points, 0);
  END IF;
  COMMIT;
  SELECT v_transaction_id AS id, p_job_id AS job, p_points AS points;
END
