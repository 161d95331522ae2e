-- Jobs of several steps and frames in tiles. Rules for migrations: see 0001_first.sql.

-- tiles: of each frame; task first_task + i renders tile i % tiles of its frame, whose place the job's output says.
-- after_job: begins when that job is finished, and has its output as files below output/. Outlives that job.
-- submission: the first of the jobs that were submitted together; NULL: it was submitted alone.
ALTER TABLE job
  ADD COLUMN IF NOT EXISTS tiles INT NOT NULL DEFAULT 1,
  ADD COLUMN IF NOT EXISTS after_job BIGINT NULL,
  ADD COLUMN IF NOT EXISTS submission BIGINT NULL,
  ADD INDEX IF NOT EXISTS job_after (after_job),
  ADD CONSTRAINT IF NOT EXISTS job_tiles_check CHECK (tiles BETWEEN 1 AND 4096);
