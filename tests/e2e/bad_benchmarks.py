#!/usr/bin/env python3
"""Slaves that lie about how fast they are: no order for them before a benchmark that holds, and what a real slave earns."""
import os
import random
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, picture, slave  # noqa: E402
from programs import read_log, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

BITS, SQUARES = 20, 22


def fixture():
    # So long that nobody answers in time by chance: what comes at once is too fast on any machine.
    return Grid({"benchmark_seconds": 600})


def painted(frame, width, height, seed=0):
    """A picture that shows this frame's number without having been rendered."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    squares = [True] + [bool(frame >> bit & 1) for bit in range(BITS)] + [False]
    strip = b"".join((b"\xff" if squares[x * SQUARES // width] else b"\0") * 3 for x in range(width))
    noise = random.Random(seed)
    rows = b"".join(b"\0" + (strip if y >= height - width // SQUARES - 2 else
                             bytes(noise.randrange(256) for _ in range(3)) * width) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def answers(grid, name, content_of, **claims):
    """The verdict on a benchmark that a fresh slave answers so; the line stays open."""
    line = Line(grid).welcome(slave(grid, name)).hello()
    order = line.expect("order")
    assert order["job"] == 0 and order["task"] == 0 and order["parameters"]["file"] == "benchmark.blend", order
    content = content_of(order["parameters"]["frame"], order["output"]["width"], order["output"]["height"])
    line.result(order, content, line.upload(order, content), **claims)
    return line, line.verdict()


def refused(sentence, content_of, *words, **claims):
    def check(grid):
        grid.seed = getattr(grid, "seed", 0) + 1
        line, verdict = answers(grid, f"malicious{grid.seed}", content_of, **claims)
        assert verdict["type"] == "rejected" and all(word in verdict["reason"] for word in words), verdict
        line.send({"type": "ping"})
        assert line.receive()["type"] == "pong"  # no order comes
        line.close()
    check.__name__ = sentence
    case(check)


@case
def a_job_waits_for_slaves_that_have_been_measured(grid):
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        status, grid.waiting = grid.post_job({"plain.blend": file.read()}, frames="1-2")
    assert status == 201, grid.waiting


refused("an_answer_at_once_is_too_fast_to_be_believed", lambda *size: painted(*size), "not believed")
refused("an_answer_without_cpu_time_is_not_believed", lambda *size: painted(*size, 2), "above 0", cpu=0)
refused("neither_is_one_of_negative_time", lambda *size: painted(*size, 3), "above 0", cpu=-60000)
refused("nor_of_a_time_that_is_no_number", lambda *size: painted(*size, 4), "above 0", cpu="NaN")
refused("nor_of_a_time_beyond_all_years", lambda *size: painted(*size, 5), "above 0", cpu=1 << 62)
refused("another_variant_s_picture_is_refused", lambda frame, *size: painted(frame % 1000000 + 1, *size), "shows frame")
refused("so_is_one_of_another_size", lambda frame, width, height: painted(frame, width + 22, height), "was asked for")
refused("so_is_one_without_a_number", lambda frame, *size: picture(*size), "shows no frame number")
refused("so_is_what_is_no_picture", lambda *_: b"GIF89a" + bytes(900), "not an image")


@case
def one_picture_is_no_answer_for_two_slaves(grid):
    grid.stop()
    grid.settings["benchmark_seconds"] = 1
    grid.write_config()
    grid.start()
    line, verdict = answers(grid, "first", lambda *size: painted(*size, 7), cpu=4000)
    assert verdict["type"] == "accepted", verdict
    assert line.expect("order")["job"] == grid.waiting["id"]
    line.close()


@case
def what_was_measured_is_known_after_a_restart(grid):
    grid.stop()
    grid.start()
    with Line(grid).welcome(slave(grid, "first")).hello() as line:
        order = line.expect("order")
        assert order["job"] == grid.waiting["id"], order
        line.send({"type": "hello", "os": "none", "cpu": "a better one", "cores": 1, "memory": 1000, "slots": 1,
                   "methods": [{"name": "blender", "version": "99.0"}]})
        assert line.expect("order")["job"] == 0  # on other hardware it is measured again


@case
def a_real_slave_is_measured_and_then_renders(grid):
    attic = grid.add_slave("attic")
    wait_until("it has been benchmarked", lambda: f"slave={attic.id} benchmarked" in read_log(grid.log), 300)
    assert grid.wait(grid.waiting["id"])["state"] == "finished"


if __name__ == "__main__":
    run(fixture)
