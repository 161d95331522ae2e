#!/usr/bin/env python3
"""Runs programs that print TAP and adds up their cases.

usage: tap_run.py --log FOLDER --total FILE [--timeout SECONDS] [--jobs N] NAME=COMMAND...
Runs N programs at a time. Prints one line per program and every failed case with its comments; the whole output is in FOLDER.
A program that dies, hangs, or prints fewer cases than its plan has failed cases for that: silence is no success.
Adds "passed failed skipped" as a line to FILE. Exit status 1 when anything failed.
"""
import argparse
import concurrent.futures
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time

CASE = re.compile(r"^(not )?ok\b\s*(\d+)?\s*-?\s*(.*)$")


def run(command, log_path, timeout):
    """Returns (passed, failed, skipped, lines to show)."""
    passed = failed = skipped = 0
    plan = None
    show = []
    last_failed = False
    with open(log_path, "w", encoding="utf-8", errors="replace") as log:
        child = subprocess.Popen(shlex.split(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, start_new_session=True)
        killer = None
        if timeout:
            killer = threading.Timer(timeout, lambda: os.killpg(child.pid, signal.SIGKILL))
            killer.start()
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            log.write(line + "\n")
            log.flush()
            if found := re.match(r"^1\.\.(\d+)\s*(#\s*skip\b.*)?$", line, re.I):
                plan = int(found.group(1))
                if plan == 0:
                    skipped += 1
                continue
            if line.startswith("Bail out!"):
                failed += 1
                show.append(line)
            if found := CASE.match(line):
                last_failed = False
                if re.search(r"#\s*skip", line, re.I):
                    skipped += 1
                elif found.group(1):
                    failed += 1
                    last_failed = True
                    show.append(line)
                else:
                    passed += 1
            elif last_failed and line.startswith("#"):
                show.append(line)
        status = child.wait()
        if killer:
            timed_out = not killer.is_alive()
            killer.cancel()
            if timed_out and status == -signal.SIGKILL:
                failed += 1
                show.append(f"killed after {timeout} s")
    cases = passed + failed + skipped
    if plan is None or (plan > 0 and cases < plan):
        failed += 1
        show.append(f"ended with status {status} after {cases} of {plan if plan is not None else '?'} cases")
    elif status != 0 and failed == 0:
        failed += 1
        show.append(f"every case passed, but it ended with status {status}")
    return passed, failed, skipped, show


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--log", required=True)
    parser.add_argument("--total", required=True)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("programs", nargs="*")
    options = parser.parse_args()
    os.makedirs(options.log, exist_ok=True)
    sums = [0, 0, 0]

    def one(program):
        name, _, command = program.partition("=")
        log = os.path.join(options.log, name.replace("/", "_") + ".log")
        start = time.monotonic()
        answer = run(command, log, options.timeout)
        return name, log, time.monotonic() - start, answer

    pool = concurrent.futures.ThreadPoolExecutor(max_workers=max(1, options.jobs))
    for name, log, seconds, (*counts, show) in pool.map(one, options.programs):
        sums = [a + b for a, b in zip(sums, counts)]
        mark = "FAIL" if counts[1] else "ok"
        skipped = f", {counts[2]} skipped" if counts[2] else ""
        print(f"  {mark:4} {name}: {counts[0]} passed, {counts[1]} failed{skipped} ({seconds:.1f} s)")
        for line in show:
            print(f"         {line}")
        if counts[1]:
            print(f"         all of it: {log}")
        sys.stdout.flush()
    with open(options.total, "a", encoding="utf-8") as total:
        total.write("{} {} {}\n".format(*sums))
    return 1 if sums[1] else 0


if __name__ == "__main__":
    sys.exit(main())
