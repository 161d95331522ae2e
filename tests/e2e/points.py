#!/usr/bin/env python3
"""Points on a real grid: earned by rendering for others, spent on boosts, given away, accounted for to the last one."""
import concurrent.futures
import json
import os
import pty
import select
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import program, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

WORDS = "correct horse battery\n"
SETTINGS = {"points.grant_by": "claim"}


def cli_json(grid, user, *arguments, check=0):
    """What a command of this user prints with --json."""
    return json.loads(grid.cli(*arguments, "--json", user=user, check=check).stdout)


def points(grid, user):
    return cli_json(grid, user, "points")


def statement(grid, user, limit=1000):
    return cli_json(grid, user, "points", "statement", "--limit", limit)["items"]


def submit(grid, user, frames="1", scene="plain.blend", *options):
    """Enough samples that a frame is worth some thousandths of a point, 60 ms each."""
    return grid.submit(os.path.join(scenes(), scene), "--frames", frames, "--samples", 256, *options, user=user)


def ledger_is_clean(grid):
    checked = cli_json(grid, "admin", "ledger-check")
    assert checked["clean"] is True and len(checked["invariants"]) > 10, checked


@case
def users_start_without_points_and_only_an_administrator_creates_them(grid):
    for user in ("anna", "ben", "carl"):
        grid.cli("register", user, "--password-stdin", words=WORDS, user=user, check=0)
        balance = points(grid, user)
        assert not any(balance.values()), balance
        assert statement(grid, user) == [], statement(grid, user)
    grid.cli("adjust", 5, "--to", "anna", "--reason", "mine", user="anna", check=3)
    grid.cli("ledger-check", user="anna", check=3)
    done = grid.cli("adjust", 1000, "--to", "anna", "--reason", "a prize", check=0)
    assert "1000 points moved from the mint to anna" in done.stdout, done.stdout
    line = statement(grid, "anna")[0]
    assert line["kind"] == "adjust" and line["counterparty_name"] == "admin" and line["reason"] == "a prize", line
    balance = points(grid, "anna")
    assert balance["total_millipoints"] == 1000000 and balance["weight"] > 1, balance
    ranking = cli_json(grid, "carl", "ranking")
    assert [each["user"]["name"] for each in ranking["items"]] == ["anna"], ranking


@case
def rendering_for_others_earns_points_listed_per_frame(grid):
    credentials = cli_json(grid, "ben", "slave", "create", "attic")
    job = submit(grid, "anna", "1-3")
    why = cli_json(grid, "anna", "explain", job)
    assert why["rule"] == "no_slave" and why["message"] == "no slave is online", why
    slave = grid.add_slave("attic", credentials=credentials)
    grid.wait(job)
    lines = wait_until("three frames are paid", lambda: [each for each in statement(grid, "ben")
                                                         if each["kind"] == "earn"][2:] and statement(grid, "ben"))
    earned = [each for each in lines if each["kind"] == "earn"]
    assert sorted(each["frame"] for each in earned) == [1, 2, 3], earned
    assert all(each["slave"] == {"id": slave.id, "name": "attic"} for each in earned), earned
    assert all(each["job"]["id"] == job for each in earned), earned
    assert all(each["pending_change_millipoints"] > 0 for each in earned), earned
    text = grid.cli("points", "statement", user="ben", check=0).stdout
    assert f"of job {job} (plain) on slave {slave.id} (attic)" in text, text
    total = sum(each["available_change_millipoints"] for each in lines)
    assert total > 0 and total == points(grid, "ben")["available_millipoints"], (lines, points(grid, "ben"))
    assert sum(each["pending_change_millipoints"] for each in lines) == 0, lines
    assert points(grid, "anna")["available_millipoints"] == 1000000, points(grid, "anna")  # ordinary frames cost nothing


@case
def own_frames_earn_nothing(grid):
    before = points(grid, "ben")
    grid.wait(submit(grid, "ben", "1-2"))
    assert points(grid, "ben") == before, (before, points(grid, "ben"))
    ledger_is_clean(grid)


@case
def a_boosted_job_pays_its_renderers_and_refunds_the_rest(grid):
    job = submit(grid, "anna", "1-4", "plain.blend", "--paused")
    receipt = cli_json(grid, "anna", "boost", job, "40.5")
    assert receipt["kind"] == "boost" and receipt["job_id"] == job and receipt["millipoints"] == 40500, receipt
    assert grid.job(job)["escrow_millipoints"] == 40500, grid.job(job)
    assert points(grid, "anna")["escrow_millipoints"] == 40500, points(grid, "anna")
    assert points(grid, "anna")["available_millipoints"] == 959500, points(grid, "anna")
    grid.cli("resume", job, user="anna", check=0)
    grid.wait(job)
    refund = wait_until("the rest comes back", lambda: [each for each in statement(grid, "anna")
                                                        if each["kind"] == "refund" and each["job"]["id"] == job])[0]
    paid = [each for each in statement(grid, "ben") if each["kind"] == "payout" and each["job"]["id"] == job]
    earned = {each["frame"]: each["pending_change_millipoints"] for each in statement(grid, "ben")
              if each["kind"] == "earn" and each["job"]["id"] == job}
    assert sorted(each["frame"] for each in paid) == [1, 2, 3, 4], (paid, earned)
    for each in paid:
        assert 0 < each["pending_change_millipoints"] <= 4 * earned[each["frame"]] + 1, (each, earned)
    cost = sum(each["pending_change_millipoints"] for each in paid)
    assert refund["available_change_millipoints"] == 40500 - cost, (refund, paid)
    assert points(grid, "anna")["available_millipoints"] == 1000000 - cost, points(grid, "anna")
    balance = points(grid, "anna")
    assert balance["total_millipoints"] == 1000000 and balance["escrow_millipoints"] == 0, balance
    grid.cli("boost", job, 5, user="anna", check=1)  # it has ended
    ledger_is_clean(grid)


def on_a_terminal(grid, answer, *arguments):
    """Output and status of a command of anna's at a terminal, where a question is answered like this."""
    config = os.path.join(grid.folder, "config", "anna")
    environment = {**os.environ, "DISTREN_SERVER": grid.url, "DISTREN_CA_FILE": grid.ca, "XDG_CONFIG_HOME": config}
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.execve(program("distren"), ["distren", *map(str, arguments)], environment)
        finally:
            os._exit(127)
    output, answered, until = "", False, time.monotonic() + 60
    try:
        while time.monotonic() < until:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                more = os.read(terminal, 4096)
            except OSError:  # the command has ended
                break
            if not more:
                break
            output += more.decode()
            if not answered and "[y/N]" in output:
                os.write(terminal, answer.encode() + b"\n")
                answered = True
    finally:
        os.close(terminal)
    return output, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@case
def at_a_terminal_a_boost_is_quoted_and_must_be_confirmed(grid):
    job = submit(grid, "anna", "1", "plain.blend", "--paused")
    for words, kept in ((["boost", job, 7], "Boost it?"), (["give", "carl", 7], "Give 7 points to carl?")):
        before = points(grid, "anna")["available_millipoints"]
        output, status = on_a_terminal(grid, "no", *words)
        assert status == 1 and kept in output and "Nothing was spent." in output, (status, output)
        assert points(grid, "anna")["available_millipoints"] == before, output
        output, status = on_a_terminal(grid, "y", *words)
        assert status == 0 and "7 points" in output and "receipt" in output, (status, output)
        assert points(grid, "anna")["available_millipoints"] == before - 7000, output
    output, status = on_a_terminal(grid, "no", "boost", job, 1, "--yes")
    assert status == 0 and "[y/N]" not in output, (status, output)
    grid.cli("cancel", job, user="anna", check=0)


@case
def a_quote_compares_position_and_finish_and_an_explanation_names_who_is_ahead(grid):
    attic = grid.slaves[0]
    grid.cli("adjust", 40000, "--to", "carl", "--reason", "an old hand", check=0)
    busy = submit(grid, "carl", "1-40", "plain.blend")  # the user with most points, with many frames
    wait_until("the slave is at work", lambda: grid.rendering(busy) > 0)
    job = submit(grid, "anna", "1-40", "plain.blend")
    first = submit(grid, "anna", "1-40", "plain.blend", "--priority", "90")
    why = cli_json(grid, "anna", "explain", job)
    assert why["rule"] == "own_job_first" and why["value"] == first, why
    assert cli_json(grid, "anna", "explain", first)["rule"] in ("users_ahead", "next"), cli_json(grid, "anna", "explain", first)
    doing = cli_json(grid, "ben", "explain", "--slave", attic.id)
    assert doing["rule"] in ("fair_share", "same_files") and f"job {busy}" in doing["message"], doing
    grid.cli("cancel", first, user="anna", check=0)
    # How much is left is known when the first frame of the kind has come back.
    grid.wait_frames(busy, 1)
    rest = cli_json(grid, "anna", "boost", job, 1, "--quote")["remaining_millipoints"]
    quote = cli_json(grid, "anna", "boost", job, 900, "--quote")
    now, then = quote["current"], quote["boosted"]
    assert rest > 0 and then["boost_factor"] > now["boost_factor"] == 0, quote
    assert then["queue_position"] <= now["queue_position"], quote
    assert then["estimated_finish_at"] < now["estimated_finish_at"], quote
    have = points(grid, "anna")["available_millipoints"]
    assert quote["millipoints"] == 900000 and quote["available_millipoints"] == have, quote
    text = grid.cli("boost", job, 900, "--quote", user="anna", check=0).stdout
    assert "This boost costs 900 points" in text, text
    assert "instead of" in text or "stays" in text, text  # shown to the minute, and a fast machine gains seconds
    shown = grid.job(job)
    assert shown["queue_position"] >= 1 and shown["estimated_finish_at"] and shown["escrow_millipoints"] == 0, shown
    grid.cli("boost", job, 900, user="anna", check=0)
    boosted = grid.job(job)
    assert boosted["boost_factor"] > 0 and boosted["escrow_millipoints"] == 900000, boosted
    assert "900 points in escrow" in grid.cli("job", "show", job, user="anna", check=0).stdout
    for user, number in (("anna", job), ("carl", busy)):
        grid.cli("cancel", number, user=user, check=0)
    assert points(grid, "anna")["escrow_millipoints"] == 0, points(grid, "anna")
    assert cli_json(grid, "anna", "explain", job)["rule"] == "cancelled"
    ledger_is_clean(grid)


@case
def deleting_a_job_refunds_its_boost_and_keeps_its_transactions(grid):
    before = points(grid, "anna")["available_millipoints"]
    job = submit(grid, "anna", "1", "plain.blend", "--paused", "--name", "short lived")
    first = cli_json(grid, "anna", "boost", job, 30, "--key", "short-lived")
    grid.cli("delete", job, user="anna", check=1)  # it has not ended
    grid.cli("cancel", job, user="anna", check=0)
    grid.cli("delete", job, user="anna", check=0)
    assert points(grid, "anna")["available_millipoints"] == before, points(grid, "anna")
    lines = [each for each in statement(grid, "anna") if each["job"] and each["job"]["id"] == job]
    changes = [(each["kind"], each["available_change_millipoints"]) for each in lines]
    assert changes == [("refund", 30000), ("boost", -30000)], lines
    # Repeated: the same reply, not executed again.
    assert cli_json(grid, "anna", "boost", job, 30, "--key", "short-lived") == first
    assert points(grid, "anna")["available_millipoints"] == before, points(grid, "anna")
    ledger_is_clean(grid)


@case
def a_gift_moves_points_only_to_its_recipient(grid):
    before = {user: points(grid, user) for user in ("anna", "ben")}
    given = cli_json(grid, "anna", "give", "ben", "12.345", "--reason", "for the attic", "--key", "gift")
    assert cli_json(grid, "anna", "give", "ben", "12.345", "--reason", "for the attic", "--key", "gift") == given
    grid.cli("give", "ben", "12.346", "--key", "gift", user="anna", check=1)
    now = {user: points(grid, user) for user in ("anna", "ben")}
    for user, sign in (("anna", -1), ("ben", 1)):
        assert now[user]["available_millipoints"] == before[user]["available_millipoints"] + sign * 12345, now
        assert now[user]["total_millipoints"] == before[user]["total_millipoints"], now
        line = statement(grid, user)[0]
        assert line["kind"] == "give" and line["reason"] == "for the attic", line
    for words, status in ((["anna", 1], 1), (["nobody-here", 1], 4), (["ben", 10 ** 9], 1), (["ben", 0], 2),
                          (["ben", "0.0001"], 2), (["ben", "nan"], 2), (["ben", "1e3"], 2)):
        done = grid.cli("give", *words, user="anna")
        assert done.returncode == status and done.stderr.strip(), (words, done)
    assert points(grid, "anna") == now["anna"], points(grid, "anna")


@case
def concurrent_requests_never_spend_a_point_twice(grid):
    job = submit(grid, "carl", "1", "plain.blend", "--paused")
    grid.cli("adjust", 40010, "--from", "carl", "--reason", "back to what is countable", check=1)
    have = points(grid, "carl")["available_millipoints"]
    grid.cli("give", "ben", (have - 100000) / 1000, user="carl", check=0)

    def spend(number):
        words = ["boost", job, 30] if number % 2 else ["give", "ben", 30]
        return grid.cli(*words, user="carl").returncode
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(spend, range(8)))
    assert sorted(ended) == [0, 0, 0, 1, 1, 1, 1, 1], ended
    balance = points(grid, "carl")
    assert balance["available_millipoints"] == 10000, balance
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        same = list(pool.map(lambda _: cli_json(grid, "carl", "boost", job, 10, "--key", "one"), range(4)))
    assert all(each == same[0] for each in same), same
    assert points(grid, "carl")["available_millipoints"] == 0, points(grid, "carl")
    ledger_is_clean(grid)


@case
def a_boost_survives_a_killed_server_and_is_not_repeated(grid):
    job = submit(grid, "anna", "1-2", "plain.blend", "--paused")
    before = points(grid, "anna")["available_millipoints"]
    first = cli_json(grid, "anna", "boost", job, 50, "--key", "before-the-fall")
    grid.kill9()
    grid.start()
    assert cli_json(grid, "anna", "boost", job, 50, "--key", "before-the-fall") == first
    assert points(grid, "anna")["available_millipoints"] == before - 50000, points(grid, "anna")
    grid.cli("resume", job, user="anna", check=0)
    shown = grid.job(job)
    # The dispatcher read both from the ledger.
    assert shown["escrow_millipoints"] == 50000 and shown["boost_factor"] > 0, shown
    grid.wait(job)
    wait_until("the rest comes back", lambda: points(grid, "anna")["escrow_millipoints"] == 0)
    ledger_is_clean(grid)


@case
def earned_points_stay_with_the_owner_at_that_time(grid):
    grid.slaves[0].stop()
    before = {user: points(grid, user) for user in ("ben", "carl")}
    grid.sql("UPDATE slave SET user_id = (SELECT id FROM user WHERE name = 'carl') WHERE name = 'attic'")
    grid.slaves[0].start(wait=False)
    wait_until("it signs on for its new owner",
               lambda: cli_json(grid, "carl", "slave", "show", grid.slaves[0].id)["online"])
    job = submit(grid, "anna", "1-2")
    grid.wait(job)
    had = before["carl"]["total_millipoints"]
    wait_until("the new owner is paid", lambda: points(grid, "carl")["total_millipoints"] > had)
    assert points(grid, "ben") == before["ben"], points(grid, "ben")
    grid.cli("slave", "show", grid.slaves[0].id, user="ben", check=4)
    ledger_is_clean(grid)


@case
def every_balance_is_the_sum_of_its_statement(grid):
    for user in ("anna", "ben", "carl"):
        balance, lines = points(grid, user), statement(grid, user)
        for kind in ("available", "pending"):
            changes = sum(each[f"{kind}_change_millipoints"] for each in lines)
            assert changes == balance[f"{kind}_millipoints"], (user, balance, lines)
    ranked = cli_json(grid, "anna", "ranking")["items"]
    totals = [each["total_millipoints"] for each in ranked]
    assert totals == sorted(totals, reverse=True), ranked
    ledger_is_clean(grid)


if __name__ == "__main__":
    run(lambda: Grid(SETTINGS), Grid.evidence)
