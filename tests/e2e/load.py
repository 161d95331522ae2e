#!/usr/bin/env python3
"""distren-load against a real server: frames with and without images, plain and TLS, counted correctly."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from load_grid import LoadGrid  # noqa: E402
from programs import program  # noqa: E402
from tap import case, run  # noqa: E402


def grid_with_slaves():
    class Made(LoadGrid):
        def start(self):
            super().start()
            if not os.path.exists(self.slaves_file):
                self.make_slaves(40, 8)
            return self
    return Made()


def ready_jobs(grid, count, frames, output=None):
    grid.end_jobs()
    jobs = grid.make_jobs(count, frames, output)
    grid.restart()
    return jobs


def accepted(grid, jobs):
    return sum(grid.job(number)["tasks"]["finished"] for number in jobs)


def load(grid, *options):
    """(status, standard error) of a run that is expected to fail."""
    done = subprocess.run([program("distren-load"), "--slaves-file", grid.slaves_file, *map(str, options)],
                          capture_output=True, text=True)
    return done.returncode, done.stderr


@case
def every_counted_result_is_in_the_database(grid):
    jobs = ready_jobs(grid, 3, 20000)
    for plain in (True, False):
        before = accepted(grid, jobs)
        figures = grid.load("--seconds", 1, "--warm-up", 0, "--rate", 500, plain=plain, slaves=40)
        assert figures["signed_on"] == 40 and figures["errors"] == 0, figures
        assert 0 < figures["results"] <= accepted(grid, jobs) - before, figures
        assert 0 < figures["accepted_p50_ms"] <= figures["accepted_p99_ms"] <= figures["accepted_max_ms"], figures
        assert figures["own_cpu_s"] > 0 and figures["server_cpu_s"] > 0, figures
    rows = grid.sql("SELECT COUNT(*), COUNT(DISTINCT task_id) FROM attempt WHERE outcome = 'accepted'")[0]
    assert rows[0] == rows[1] == str(accepted(grid, jobs)), rows


@case
def images_of_the_requested_size_are_uploaded_and_accepted(grid):
    # More frames than can be rendered: at a job's end two slaves render the same one, and the second must retry.
    job, = ready_jobs(grid, 1, 1000, {"format": "PNG", "pattern": "%04d.png", "width": 80, "height": 60})
    figures = grid.load("--seconds", 4, "--warm-up", 0, "--result-bytes", 4321, "--slots", 2, slaves=6)
    assert figures["errors"] == 0 and figures["results"] > 0, figures
    done = accepted(grid, [job])
    assert done >= figures["results"], (done, figures)
    frames = [task for task in grid.tasks(job) if task["state"] == "finished"]
    assert len(frames) == done and all(task["outputs"][0]["size_bytes"] == 4321 for task in frames), frames
    present = os.listdir(grid.output(job))
    assert all(os.path.getsize(os.path.join(grid.output(job), name)) == 4321 for name in present), present


@case
def idle_slaves_get_no_orders(grid):
    job, = ready_jobs(grid, 1, 100)
    figures = grid.load("--seconds", 2, "--warm-up", 0, "--idle", slaves=40)
    assert figures["signed_on"] == 40 and figures["orders"] == 0 and figures["errors"] == 0, figures
    assert accepted(grid, [job]) == 0 and grid.sql("SELECT COUNT(*) FROM lease") == [["0"]]


@case
def the_render_time_option_delays_results(grid):
    ready_jobs(grid, 1, 1000)
    figures = grid.load("--seconds", 3, "--warm-up", 0, "--render-ms", 500, slaves=10)
    assert 0 < figures["results"] <= 10 * 3 / 0.5, figures


@case
def invalid_options_are_rejected_with_a_reason(grid):
    where = ["--plain", "--host", "127.0.0.1", "--port", grid.plain_port]
    status, words = load(grid, *where, "--slaves", 41)
    assert status == 1 and "40 pairs" in words, words
    status, words = load(grid, *where, "--slaves", 0)
    assert status == 2, words
    status, words = load(grid, "--plain", "--host", "192.0.2.1", "--port", grid.plain_port)
    assert status == 1 and "not this machine" in words, words
    status, words = load(grid, "--port", grid.line_port, "--slaves", 2, "--sign-on-timeout", 2)  # no --ca-file
    assert status == 1 and ("certificate" in words or "signed on" in words), words
    os.chmod(grid.slaves_file, 0o644)
    status, words = load(grid, *where)
    os.chmod(grid.slaves_file, 0o600)
    assert status == 1 and "chmod 600" in words, words


@case
def wrong_passwords_are_reported_as_errors(grid):
    wrong = os.path.join(grid.folder, "wrong")
    with open(grid.slaves_file) as right, open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.writelines(line.split()[0] + " wrong\n" for line in right.readlines()[:3])
    status, words = load(grid, "--slaves-file", wrong)
    assert status == 2, words  # named twice
    done = subprocess.run([program("distren-load"), "--slaves-file", wrong, "--plain", "--host", "127.0.0.1", "--port",
                           str(grid.plain_port)], capture_output=True, text=True)
    assert done.returncode == 1 and "slavepassword is wrong" in done.stderr, done.stderr


run(grid_with_slaves, evidence=lambda grid: grid.evidence())
