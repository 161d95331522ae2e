-- The name of the lock that whoever does the request of a key holds; locks are the server's, so it names the database. No errors.
CREATE OR REPLACE FUNCTION idempotency_lock_name(p_user_id BIGINT, p_key VARCHAR(1000)) RETURNS VARCHAR(64)
DETERMINISTIC SQL SECURITY DEFINER
RETURN CONCAT('idempotency-', LEFT(SHA2(CONCAT(DATABASE(), ':', p_user_id, ':', p_key), 256), 40))
