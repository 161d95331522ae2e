#!/usr/bin/env python3
"""Seconds from starting a standalone server to the first order in a slave's hands: new database, existing one, kill -9."""
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from bench import report  # noqa: E402
from grid import Grid  # noqa: E402
from malicious_slave import Line, slave  # noqa: E402
from programs import scenes  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "3"))


def first_order(grid, credentials, start):
    """Tries to sign on every 10 ms, as a slave that waits for the server does; gives the frame back."""
    while True:
        try:
            line = Line(grid)
            break
        except OSError:
            time.sleep(0.01)
    with line:
        line.welcome(credentials).announce()
        order = line.expect("order")
        seconds = time.monotonic() - start
        line.send({"type": "result", "attempt": order["attempt"], "lease": order["lease"], "outcome": "returned",
                   "message": "only measuring"})
        line.verdict()
    return seconds


def main():
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        scene = file.read()
    new, existing, killed = [], [], []
    for _ in range(ROUNDS):
        grid = Grid()
        start = time.monotonic()
        with grid:
            # With a new database account, key and job have to be made first: that is part of the way to the first order.
            credentials = slave(grid, "bench")
            grid.post_job({"plain.blend": scene}, frames="1-100")
            new.append(first_order(grid, credentials, start))
            grid.stop()
            start = time.monotonic()
            grid.launch()
            existing.append(first_order(grid, credentials, start))
            grid.kill9()
            start = time.monotonic()
            grid.launch()
            killed.append(first_order(grid, credentials, start))
    figures = {"new_database_s": statistics.median(new), "existing_database_s": statistics.median(existing),
               "after_kill9_s": statistics.median(killed)}
    figures = {name: round(value, 3) for name, value in figures.items()}
    report(f"standalone start to first order, median of {ROUNDS}",
           [("new database", figures["new_database_s"], "s (aim 8)"),
            ("existing database", figures["existing_database_s"], "s (aim 3)"),
            ("after kill -9 of server and database's recovery", figures["after_kill9_s"], "s")], figures)


main()
