#!/usr/bin/env python3
"""Two people with different points always have work for real slaves: each gets what the weights say, and a boost
changes it as it should.

The tolerance is the policy's own bound, not luck. In each class whoever is furthest behind is served, so two users
differ by one frame per slot and the one that is being given out: (1 + S) q / weight, with q the dearest frame and S
slots. Of the work of the class contributors that is at most (1 + S) q, of everyone's (1 + S) q / 2, and the two classes
among themselves add at most 0.8 (1 + S) q / 2. What is in the air or not yet committed adds 2 S q. With S = 2 that is
9.7 q at each end of a measurement. Rendering goes on until this is a small part of all work, however uneven the frames
are.

The renderer is a stand-in for Blender that takes 0.2 s of processor time for every frame: what is tried here is who
gets how much of it, and the loading of scenes by the real one would only make the dearest frame dearer.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from programs import scenes  # noqa: E402
from tap import case, comment, run, wait_until  # noqa: E402

WORDS = "correct horse battery\n"
RENDERER = """#!/usr/bin/python3
import json, struct, sys, time, zlib

def send(**values):
    print("DISTREN " + json.dumps(values), flush=True)

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

if "--version" in sys.argv:
    print("Blender 3.4.1")
    sys.exit(0)
send(event="loaded", scenes=[])
for line in sys.stdin:
    order, until = json.loads(line), time.process_time() + 0.2
    while time.process_time() < until:
        pass
    rows = b"".join(b"\\0" + bytes(3 * 64) for _ in range(36))
    with open(order["output"], "wb") as file:
        file.write(b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 36, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
    send(event="done", frame=order["frame"], width=64, height=36, format="PNG")
"""
FRAMES_OFF = 9.7  # of the dearest frame, at each end
STATE = {}


def cli_json(grid, user, *arguments):
    return json.loads(grid.cli(*arguments, "--json", user=user, check=0).stdout)


def work(grid):
    """What was accepted of each job: {job: (claims, dearest, frames)}, in one query."""
    rows = grid.sql("SELECT t.job_id, SUM(a.claim), MAX(a.claim), COUNT(*) FROM attempt a "
                    "JOIN task t ON t.id = a.task_id WHERE a.outcome = 'accepted' GROUP BY t.job_id")
    return {int(job): (int(claims), int(dearest), int(frames)) for job, claims, dearest, frames in rows}


def measure(grid, since, ends, small):
    """Waits until the bound is at most `small` of the work since then; (share of anna, bound as a share)."""
    def look():
        now = work(grid)
        anna, ben = (now.get(STATE[user], (0,))[0] - since.get(STATE[user], (0,))[0] for user in ("anna", "ben"))
        dearest = max((each[1] for each in now.values()), default=0)
        bound = ends * FRAMES_OFF * dearest
        return (anna / (anna + ben), bound / (anna + ben), now) if dearest and bound <= small * (anna + ben) else None
    share, bound, now = wait_until("enough is rendered to tell shares apart", look, 400, 0.5)
    comment(f"anna {share:.3f} +- {bound:.3f} of the work; frames: {now}")
    assert all(grid.job(STATE[user])["state"] == "active" for user in ("anna", "ben")), "a job has run out of frames"
    return share, bound


def expected(weight, other):
    """A share of the work: four fifths by weight, one fifth equally."""
    return 0.8 * weight / (weight + other) + 0.2 / 2


@case
def shares_follow_the_weights_of_the_points(grid):
    for user, points in (("anna", 40000), ("ben", 600)):
        grid.cli("register", user, "--password-stdin", words=WORDS, user=user, check=0)
        grid.cli("adjust", points, "--to", user, "--reason", "for the test", check=0)
        STATE[user] = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-5000", user=user)
    weights = {each["user"]["name"]: each["weight"] for each in cli_json(grid, "anna", "ranking")["items"]}
    assert weights["anna"] == 4 and weights["ben"] == 1.5, weights
    renderer = os.path.join(grid.folder, "renderer")
    with open(os.open(renderer, os.O_WRONLY | os.O_CREAT, 0o755), "w") as file:
        file.write(RENDERER)
    for name in ("attic", "cellar"):  # the administrator's, who has no job here: every frame has a claim
        grid.add_slave(name, sandbox="off", **{"programs.blender": renderer})
    share, bound = measure(grid, {}, 1, 0.18)
    target = expected(weights["anna"], weights["ben"])
    assert target - 0.18 > 0.5, target  # an equal split would be seen
    assert abs(share - target) <= bound, f"anna got {share:.3f}, by weight it is {target:.3f} +- {bound:.3f}"
    for user in ("anna", "ben"):
        why = cli_json(grid, user, "explain", STATE[user])
        assert why["rule"] in ("next", "users_ahead") and "weight" in why["message"], why


@case
def a_boost_changes_the_shares(grid):
    grid.cli("adjust", 1000000, "--to", "carl", "--reason", "for the test", check=4)  # a misspelt name moves nothing
    grid.cli("register", "carl", "--password-stdin", words=WORDS, user="carl", check=0)
    grid.cli("adjust", 1000000, "--to", "carl", "--reason", "for the test", check=0)
    grid.cli("give", "ben", 900000, user="carl", check=0)  # a gift raises no rank: what changes is the boost alone
    weights = {each["user"]["name"]: each["weight"] for each in cli_json(grid, "anna", "ranking")["items"]}
    grid.cli("boost", STATE["ben"], 900000, user="ben", check=0)
    assert grid.job(STATE["ben"])["boost_factor"] == 4, grid.job(STATE["ben"])
    # What the slaves hold was given to them before: at most eight orders each, and one in transit.
    held = sum(each[2] for each in work(grid).values()) + 4 * 9
    wait_until("what was held is rendered", lambda: sum(each[2] for each in work(grid).values()) >= held)
    before = work(grid)
    share, bound = measure(grid, before, 2, 0.3)
    target = expected(weights["anna"], 5 * weights["ben"])
    assert expected(weights["anna"], weights["ben"]) - target > 0.3, target  # no boost at all would be seen
    assert abs(share - target) <= bound, f"anna got {share:.3f}, by weight it is {target:.3f} +- {bound:.3f}"


@case
def rendered_frames_are_paid_and_the_ledger_is_clean(grid):
    for user in ("anna", "ben"):
        grid.cli("cancel", STATE[user], user=user, check=0)
    wait_until("the boost comes back", lambda: cli_json(grid, "ben", "points")["escrow_millipoints"] == 0)
    kinds = {each["kind"] for each in cli_json(grid, "admin", "points", "statement", "--limit", "1000")["items"]}
    assert {"earn", "vest", "payout"} <= kinds, kinds
    assert cli_json(grid, "admin", "ledger-check")["clean"] is True


if __name__ == "__main__":
    run(lambda: Grid({"points.grant_by": "claim"}), Grid.evidence)
