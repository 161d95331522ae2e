#!/usr/bin/env python3
"""Slaves that report false speeds get no order before a valid benchmark; a real slave is benchmarked and renders."""
import os
import random
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, image, slave  # noqa: E402
from programs import read_log, scenes  # noqa: E402
from tap import case, run, wait_until  # noqa: E402

BITS, SQUARES = 20, 22


def fixture():
    # So long that an immediate result is too fast on any machine.
    return Grid({"benchmark_seconds": 600})


def forged_image(frame, width, height, seed=0):
    """An image with the code of this frame that was not rendered."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    squares = [True] + [bool(frame >> bit & 1) for bit in range(BITS)] + [False]
    strip = b"".join((b"\xff" if squares[x * SQUARES // width] else b"\0") * 3 for x in range(width))
    noise = random.Random(seed)
    rows = b"".join(b"\0" + (strip if y >= height - width // SQUARES - 2 else
                             bytes(noise.randrange(256) for _ in range(3)) * width) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def verdict_on(grid, name, content_of, **claims):
    """(line, verdict): the verdict on this benchmark result of a new slave; the connection stays open."""
    line = Line(grid).welcome(slave(grid, name)).announce()
    order = line.expect_order()
    assert order["kind"] == "benchmark" and "job" not in order and "task" not in order and order["parameters"]["file"] == "benchmark.blend", order
    content = content_of(order["frame"], order["output"]["width"], order["output"]["height"])
    line.result(order, content, line.upload(order, content), **claims)
    return line, line.verdict()


def rejected(sentence, content_of, *words, **claims):
    def check(grid):
        grid.seed = getattr(grid, "seed", 0) + 1
        line, verdict = verdict_on(grid, f"malicious{grid.seed}", content_of, **claims)
        assert verdict["verdict"] == "rejected" and all(word in verdict["message"] for word in words), verdict
        line.send({"type": "ping"})
        assert line.receive()["type"] == "pong"  # no order arrives
        line.close()
    check.__name__ = sentence
    case(check)


@case
def a_job_waits_for_a_benchmarked_slave(grid):
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        status, grid.waiting = grid.post_job({"plain.blend": file.read()}, frames="1-2")
    assert status == 201, grid.waiting


rejected("an_immediate_result_is_rejected_as_too_fast", lambda *size: forged_image(*size), "not believed")
rejected("a_result_without_cpu_time_is_rejected", lambda *size: forged_image(*size, 2), "above 0", cpu_ms=0)
rejected("a_result_with_negative_cpu_time_is_rejected", lambda *size: forged_image(*size, 3), "above 0", cpu_ms=-60000)
rejected("a_result_whose_cpu_time_is_not_a_number_is_rejected", lambda *size: forged_image(*size, 4), "above 0",
         cpu_ms="NaN")
rejected("a_result_with_an_impossibly_long_cpu_time_is_rejected", lambda *size: forged_image(*size, 5), "above 0",
         cpu_ms=1 << 62)
rejected("an_image_of_another_variant_is_rejected",
         lambda frame, *size: forged_image(frame % 1000000 + 1, *size), "shows frame")
rejected("an_image_of_another_size_is_rejected",
         lambda frame, width, height: forged_image(frame, width + 22, height), "was asked for")
rejected("an_image_without_a_frame_number_is_rejected", lambda frame, *size: image(*size), "shows no frame number")
rejected("a_file_that_is_not_an_image_is_rejected", lambda *_: b"GIF89a" + bytes(900), "not an image")


@case
def two_slaves_get_different_benchmark_variants(grid):
    grid.stop()
    grid.settings["benchmark_seconds"] = 1
    grid.write_config()
    grid.start()
    line, verdict = verdict_on(grid, "first", lambda *size: forged_image(*size, 7), cpu_ms=4000)
    assert verdict["verdict"] == "accepted", verdict
    assert line.expect_order()["job"] == grid.waiting["id"]
    line.close()


@case
def benchmark_results_survive_a_restart(grid):
    grid.stop()
    grid.start()
    with Line(grid).welcome(slave(grid, "first")).announce() as line:
        order = line.expect_order()
        assert order["job"] == grid.waiting["id"], order
        line.announce(cpu="a better one")
        assert line.expect_order()["kind"] == "benchmark"  # other hardware is benchmarked again


@case
def a_real_slave_is_benchmarked_and_then_renders(grid):
    attic = grid.add_slave("attic")
    wait_until("it has been benchmarked", lambda: f"slave={attic.id} benchmarked" in read_log(grid.log), 300)
    assert grid.wait(grid.waiting["id"])["state"] == "finished"


if __name__ == "__main__":
    run(fixture)
