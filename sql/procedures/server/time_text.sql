-- A UTC time as ISO 8601 text with milliseconds; NULL stays NULL.
-- No errors.
CREATE OR REPLACE FUNCTION time_text(p_time DATETIME(3)) RETURNS VARCHAR(30) CHARSET ascii
DETERMINISTIC NO SQL SQL SECURITY DEFINER
RETURN CONCAT(LEFT(DATE_FORMAT(p_time, '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z')
