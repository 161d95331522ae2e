-- The name of the lock of a key, which whoever does its request holds; locks are of the whole server, so it has the
-- database in it. No errors.
CREATE OR REPLACE FUNCTION idempotency_lock_name(p_user_id BIGINT, p_key VARCHAR(1000)) RETURNS VARCHAR(64)
DETERMINISTIC SQL SECURITY DEFINER
RETURN CONCAT('idempotency-', LEFT(SHA2(CONCAT(DATABASE(), ':', p_user_id, ':', p_key), 256), 40))
