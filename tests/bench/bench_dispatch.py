#!/usr/bin/env python3
"""Frames a second through offer, result, ledger and commit; what a frame, a connection and a restart cost.

Server, database and load generator share the machine; every commit is durable (innodb_flush_log_at_trx_commit=1, real
fsyncs). CPU-seconds per 1,000 frames are the figures that do not depend on what else the machine does. Frames have no
image: their way is order, result, journal with claim and grant, acknowledgement.

LONG=1 draws the curves up to 10,000,000 tasks and 10,000 jobs and connects as many slaves as the limit of open files
allows, up to 50,000. PARTS names some of: rate, steady, idle, restart, tasks, jobs. SECONDS is how long each is measured.
"""
import json
import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from bench import report  # noqa: E402
from load_grid import LoadGrid  # noqa: E402

LONG = bool(os.environ.get("LONG"))
PARTS = os.environ.get("PARTS", "rate,steady,idle,restart,tasks,jobs").split(",")
SECONDS = float(os.environ.get("SECONDS", "10"))
SLAVES = 1000
STEADY = 5000  # frames a second
CLAIM = ["--cpu-ms", 100000, "--cores", 64]  # so that even the shortest frame is worth a point

rows, figures = [], {"bench": "dispatch"}


def record(what, value, unit, key=None):
    rows.append((what, value, unit))
    if key:
        figures[key] = round(value, 4) if isinstance(value, float) else value
    print(f"# {what}: {value:,.3f} {unit}" if isinstance(value, float) else f"# {what}: {value:,} {unit}", file=sys.stderr)


def fresh_work(grid, jobs, frames):
    grid.end_jobs()
    grid.make_jobs(jobs, frames)
    grid.restart()


def costs(found):
    return found.get("server_cpu_s_per_1000", 0.0), found.get("db_cpu_s_per_1000", 0.0)


def rate(grid):
    fresh_work(grid, 8, 50000)
    found = grid.load(*CLAIM, "--seconds", SECONDS, slaves=SLAVES, check=False)
    server, database = costs(found)
    record(f"completed frames, {SLAVES:,} slaves, unlimited rate", found["results_per_s"], "/s", "frames_per_s")
    record("  from result to next order, p50", found["order_p50_ms"], "ms", "full_offer_p50_ms")
    record("  from result to next order, p99", found["order_p99_ms"], "ms", "full_offer_p99_ms")
    record("  from result to accepted, p99", found["accepted_p99_ms"], "ms", "full_accepted_p99_ms")
    record("  server CPU for 1,000 frames", server, "s", "server_cpu_s_per_1000")
    record("  database CPU for 1,000 frames", database, "s", "db_cpu_s_per_1000")
    record("  distren-load's CPU for 1,000 frames", 1000 * found["own_cpu_s"] / max(1, found["results"]), "s")
    record("  errors", found["errors"], "", "full_errors")
    broken = [row for row in grid.sql("CALL ledger_check()") if row[1] != "1"]
    assert not broken, f"the ledger is broken: {broken}"


def steady(grid):
    for plain, name in ((True, "plain"), (False, "tls")):
        fresh_work(grid, 8, 20000)
        found = grid.load(*CLAIM, "--seconds", SECONDS, "--rate", STEADY, plain=plain, slaves=SLAVES, check=False)
        server, database = costs(found)
        key = "" if plain else "tls_"
        record(f"steady {STEADY:,}/s over {name}: completed", found["results_per_s"], "/s", key + "steady_frames_per_s")
        record("  from result to next order, p50", found["order_p50_ms"], "ms", key + "offer_p50_ms")
        record("  from result to next order, p99", found["order_p99_ms"], "ms", key + "offer_p99_ms")
        record("  from result to accepted, p99", found["accepted_p99_ms"], "ms", key + "accepted_p99_ms")
        record("  server CPU for 1,000 frames", server, "s", key + "steady_server_cpu_s_per_1000")
        record("  database CPU for 1,000 frames", database, "s", key + "steady_db_cpu_s_per_1000")


def connected(grid, count, plain):
    """Bytes of one connection, idle CPU in percent of a core, seconds until all were there."""
    grid.restart()
    found = grid.load("--idle", "--warm-up", 3, "--seconds", max(SECONDS, 10), "--concurrent-sign-ons", 200, plain=plain,
                      slaves=count, check=False)
    if found["errors"]:
        record("  errors while connecting", found["errors"], "")
    memory = (found["server"]["bytes_end"] - found["server"]["bytes_before"]) / count
    return memory, 100 * found["server_cpu_s"] / found["seconds"], found["sign_on_s"]


def idle(grid, most):
    grid.end_jobs()
    count = min(10000, most)
    for plain, name in ((True, "plain"), (False, "tls")):
        memory, core, seconds = connected(grid, count, plain)
        record(f"{count:,} idle slaves over {name}: memory of one", memory / 1024, "KiB")
        figures[f"bytes_per_connection_{name}"] = round(memory)
        record("  server CPU", core, "% of a core", f"idle_core_percent_{name}")
        record("  signed on within", seconds, "s", f"sign_on_s_{name}")
    figures["idle_slaves"] = count
    if most > count:
        memory, core, seconds = connected(grid, most, True)
        record(f"{most:,} idle slaves over plain: memory of one", memory / 1024, "KiB", "most_kib_per_connection_plain")
        record("  server CPU", core, "% of a core", "most_idle_core_percent_plain")
        figures["most_slaves"] = most


def restart(grid):
    grid.end_jobs()
    grid.make_jobs(10, 100000)
    grid.stop_hard()
    started = time.monotonic()
    grid.start()
    record("kill -9 with 1,000,000 unfinished tasks, until it answers again", time.monotonic() - started, "s", "restart_s")


def curve(grid, name, points):
    """CPU for a frame against the number of tasks or jobs; points: (shown, jobs, frames of each)."""
    drawn = []
    for shown, jobs, frames in points:
        if name == "jobs":
            grid.end_jobs()
        grid.make_jobs(jobs, frames)
        grid.restart()
        found = grid.load(*CLAIM, "--warm-up", 1, "--seconds", min(SECONDS, 5), "--rate", 2000, "--slots", 1,
                          slaves=min(SLAVES, 200), check=False)
        server, database = costs(found)
        record(f"{shown:,} {name}, 2,000 frames/s: server CPU for 1,000", server, "s")
        record("  database CPU for 1,000", database, "s")
        drawn.append({name: shown, "server_cpu_s_per_1000": round(server, 4), "db_cpu_s_per_1000": round(database, 4),
                      "frames_per_s": found["results_per_s"], "offer_p99_ms": found["order_p99_ms"]})
    figures[f"curve_{name}"] = drawn


def main():
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = min(50000, files - 500) if files > 0 else 50000
    with LoadGrid({"limits.request_queue": 10000}) as grid:
        grid.make_slaves(most if LONG and "idle" in PARTS else min(10000, most), 1000)
        if "rate" in PARTS:
            rate(grid)
        if "steady" in PARTS:
            steady(grid)
        if "idle" in PARTS:
            idle(grid, most if LONG else min(10000, most))
        if "restart" in PARTS:
            restart(grid)
    if "tasks" in PARTS:
        with LoadGrid() as grid:
            grid.make_slaves(200, 200)
            # At least enough for the seconds that are measured; then ever more beside them, unfinished.
            points = [(20000, 1, 20000), (200000, 2, 90000)]
            if LONG:
                points += [(1200000, 10, 100000), (10000000, 10, 880000)]
            curve(grid, "tasks", points)
    if "jobs" in PARTS:
        with LoadGrid() as grid:
            grid.make_slaves(200, 200)
            points = [(1, 1, 20000), (100, 100, 200), (1000, 1000, 20)]
            if LONG:
                points += [(10000, 10000, 3)]
            curve(grid, "jobs", points)
    figures["open_files_limit"] = files
    figures["cores"] = os.cpu_count()
    figures["load"] = os.getloadavg()[0]
    report(f"dispatch: server, database and load generator on {os.cpu_count()} cores, durable commits, "
           f"load {os.getloadavg()[0]:.1f}", rows, figures)


main()
