-- What renderers warned of in a job, most frames first, as JSON: [{"code", "message", "count", "task_count"}...]; code
-- null: there is none. No errors.
CREATE OR REPLACE FUNCTION job_warnings_text(p_job_id BIGINT) RETURNS LONGTEXT CHARSET utf8mb4
READS SQL DATA SQL SECURITY DEFINER
RETURN (SELECT COALESCE(JSON_ARRAYAGG(JSON_OBJECT('code', NULLIF(code, ''), 'message', message, 'count', count,
    'task_count', task_count) ORDER BY task_count DESC, kind), '[]')
  FROM job_warning WHERE job_id = p_job_id)
