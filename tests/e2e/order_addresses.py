#!/usr/bin/env python3
"""Addresses in orders that expire after ten seconds: a slave asks for new ones, over both carriers, and renders on."""
import contextlib
import datetime
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import CARRIERS, Line, order_for, slave  # noqa: E402
from tap import case, run, wait_until  # noqa: E402


@contextlib.contextmanager
def fixture():
    with Grid({"times.signed_url_seconds": 10}) as grid:
        yield grid


def expires(order):
    at = datetime.datetime.strptime(order["urls_expire_at"], "%Y-%m-%dT%H:%M:%S.%fZ")
    return at.replace(tzinfo=datetime.timezone.utc).timestamp() - time.time()


def fetched(grid, order):
    status, answer, *_ = grid.http("GET", order["inputs"][0]["url"], token="")
    return status, answer


def ask(line, order, **changes):
    line.send({"type": "refresh", "id": "r1", "attempt": order["attempt"], "lease": order["lease"], **changes})


@case
def an_order_says_when_its_addresses_expire_and_is_sent_again_with_new_ones(grid):
    for carrier in CARRIERS:
        with order_for(grid, "late-" + carrier.__name__, carrier=carrier) as (line, order):
            assert 0 < expires(order) <= 10, order
            assert fetched(grid, order)[0] == 200
            wait_until("they have expired", lambda order=order: expires(order) < -1)
            status, answer = fetched(grid, order)
            assert status == 403 and b"link_expired" in answer, (status, answer)
            ask(line, order)
            update = line.expect("order_update")
            assert update["reply_to"] == "r1" and expires(update) > 4, update
            status, content = fetched(grid, update)
            assert status == 200 and len(content) == order["inputs"][0]["size_bytes"]
            old, new = ({name: value for name, value in each.items() if name not in
                         ("type", "reply_to", "inputs", "urls_expire_at", "attempts")} for each in (order, update))
            (attempt,) = update["attempts"]
            assert all(new[name] == old[name] for name in new), (old, new)
            assert all(attempt[name] == order[name] for name in ("attempt", "task", "frame", "lease", "outputs")), update
            line.deliver({**order, **attempt, "upload": attempt["upload"]["url"]})
            assert grid.wait(order["job"])["state"] == "finished"


@case
def nobody_gets_addresses_with_another_slaves_lease_or_for_what_has_ended(grid):
    with order_for(grid, "holder") as (line, order):
        with Line(grid).welcome(slave(grid, "thief")).announce(slots=0) as thief:
            ask(thief, order)
            cancel = thief.expect("cancel", "order_update")
            assert (cancel["type"], cancel["code"], cancel["reply_to"]) == ("cancel", "not_wanted", "r1"), cancel
        ask(line, order, lease=order["lease"][:-1] + "~")
        assert line.expect("cancel", "order_update")["type"] == "cancel"
        ask(line, order, attempt=order["attempt"] + 1)
        assert line.expect("cancel", "order_update")["type"] == "cancel"
        ask(line, order, attempt="all")
        assert line.expect("error", "cancel")["code"] == "invalid_message"
        line.deliver(order)
        ask(line, order)
        assert line.expect("cancel", "order_update")["type"] == "cancel"


@case
def a_lease_is_enough_after_the_server_was_killed(grid):
    with order_for(grid, "patient") as (line, order):
        line.send({"type": "progress", "items": [{"attempt": order["attempt"], "fraction": 0.5}]})
        grid.kill9()
        grid.start()
        with Line(grid).welcome(slave(grid, "patient"), "another") as back:
            ask(back, order)
            update = back.expect("order_update", "cancel")
            assert update["type"] == "order_update", update
            back.announce(holding=[order])
            back.deliver(order)


if __name__ == "__main__":
    run(fixture, Grid.evidence)
