#!/usr/bin/env python3
"""Renderers that the grid delivers: fetched, verified, unpacked, tried, kept and removed by a real slave."""
import inspect
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import SOURCE  # noqa: E402
from renderer_archive import Delivered, GridKey, packed, packed_entries  # noqa: E402
from slave_fixture import SANDBOX, Slave, accept, command, run_cases, until, warnings  # noqa: E402
from stand_in_tree import make_tree  # noqa: E402

KEY = GridKey()
NOTHING = {"renderers.blender": ["/absent/blender"], "cache_mib": 4096}


def tree(version="5.2.2", padding=0, **more):
    with tempfile.TemporaryDirectory() as folder:
        make_tree(folder + "/tree", version)
        if padding:
            with open(folder + "/tree/usr/share/padding", "wb") as file:
                file.write(os.urandom(1 << 20) * (padding >> 20))
        return Delivered(more.pop("key", KEY), packed(folder + "/tree"), version, **more)


def program(version="4.3.2"):
    """As the official archives are: one folder, libraries of the machine."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(SOURCE + "/tests/support/fake_renderer.py", folder + "/blender")
        os.chmod(folder + "/blender", 0o755)
        with open(folder + "/version", "w") as file:
            file.write(version)
        return Delivered(KEY, packed(folder, "blender-%s-linux-x64" % version), version)


def offer(server, line, *builds, key=KEY):
    """Sends the grid's list; the announce that answers it."""
    for each in builds:
        server.blobs[each.build] = each.data
    line.send({"type": "renderers", "key": key.public, "items": [each.item for each in builds]})
    line.announce = line.expect("announce")
    return {each["build"]: each for each in line.announce["renderers"] if each.get("build")}


def connect(slave):
    slave.start()
    return slave.server.next_line()


def render(server, line, attempt, build, **changes):
    line.send(server.order(attempt, b"version", job=attempt, renderer=build.order(), **changes))
    result = line.expect("result", attempt=attempt)
    accept(line, result)
    return result


def all_tried(slave):
    until(lambda: all(each["state"] in ("usable", "unusable") for each in command(slave, "status")["renderers"]),
          "not all is tried")


def fetched(server, build):
    return [wanted for path, wanted in server.gets if path.endswith(build.build)]


def stored(slave, cache=None):
    folder = (cache or slave.folder + "/state/cache") + "/renderers"
    return sorted(name for name in os.listdir(folder) if len(name) == 64)


def leftovers(slave):
    return os.listdir(slave.folder + "/state/cache/renderers/incoming")


# --- the normal case -------------------------------------------------------------------------------------------------


def a_volunteer_without_any_program_renders_with_a_delivered_tree(server, slave):
    build = tree()
    line = connect(slave)
    assert line.sign_on["offers"] == ["renderers"] and line.announce["renderers"] == [], line.announce
    offered = offer(server, line, build)
    assert offered == {build.build: {"method": "blender", "version": "5.2.2", "build": build.build, "engines": [],
                                     "missing": True}}, offered
    result = render(server, line, 1, build)
    assert result["outcome"] == "done" and "the tree of 5.2.2" in warnings(result), result
    assert len(fetched(server, build)) == 1 and stored(slave) == [build.build] and leftovers(slave) == []
    archive = os.path.join(slave.folder, "state/cache", build.build[:2], build.build)
    assert not os.path.exists(archive), "the archive stays"
    assert render(server, line, 2, build)["outcome"] == "done"
    all_tried(slave)
    (shown,) = offer(server, line, build).values()
    assert shown["engines"] == ["CYCLES", "BLENDER_EEVEE", "BLENDER_WORKBENCH"] and "missing" not in shown, shown
    (renderer,) = command(slave, "status")["renderers"]
    assert renderer["build"] == build.build and renderer["state"] == "usable", renderer
    assert slave.end() == 0
    line = connect(slave)
    assert line.announce["renderers"] == [shown], line.announce  # without the list, and tried before
    assert render(server, line, 3, build)["outcome"] == "done"
    assert len(fetched(server, build)) == 1 and slave.output().count("tried engines=") == 1, slave.output()


def a_program_in_a_folder_renders_with_the_libraries_of_the_machine(server, slave):
    build = program()
    line = connect(slave)
    offer(server, line, build)
    result = render(server, line, 1, build)
    assert result["outcome"] == "done" and "version 4.3.2" in warnings(result), result


def a_cut_download_is_resumed(server, slave):
    build = tree()
    line = connect(slave)
    offer(server, line, build)
    server.cut_downloads = 3  # it rests longer and longer between
    assert render(server, line, 1, build)["outcome"] == "done"
    assert len([wanted for wanted in fetched(server, build) if wanted]) == 3, server.gets
    assert any(m["type"] == "progress" and m["phase"] == "fetching" for m in line.kept), line.kept


def addresses_that_expire_while_it_waits_are_renewed(server, slave):
    build = tree()
    line = connect(slave)
    offer(server, line, build)
    server.expired = ("expired=1",)
    order = server.order(1, b"good", renderer=build.order(url="/api/v1/files/blobs/%s?expired=1" % build.build))
    line.send(order)
    line.expect("refresh", attempt=1)
    line.send({**order, "type": "order_update", "renderer": build.order()})
    result = line.expect("result", attempt=1)
    assert result["outcome"] == "done", result


def killed_at_any_moment_no_half_tree_is_used(server, slave):
    build = tree(padding=150 << 20)
    for attempt in range(1, 7):
        line = connect(slave)
        offer(server, line, build)
        line.send(server.order(attempt, b"good", job=attempt, renderer=build.order()))
        time.sleep(random.uniform(0.05, 1.2))
        slave.kill()
    line = connect(slave)
    assert leftovers(slave) == [], leftovers(slave)
    offer(server, line, build)
    result = render(server, line, 50, build)
    assert result["outcome"] == "done" and "the tree of 5.2.2" in warnings(result), result
    size = os.path.getsize(slave.folder + "/state/cache/renderers/%s/files/usr/share/padding" % build.build)
    assert size == 150 << 20, size


def two_slaves_of_a_host_fetch_a_renderer_once(server, slave):
    build = tree(padding=20 << 20)
    shared = slave.folder + "/shared"
    other = Slave(server, **NOTHING, cache=shared)
    try:
        with open(slave.folder + "/slave.toml") as file:
            text = file.read()
        with open(slave.folder + "/slave.toml", "w") as file:
            file.write("cache = %s\n%s" % (json.dumps(shared), text))
        lines = [connect(each) for each in (slave, other)]
        for attempt, line in enumerate(lines, 1):
            offer(server, line, build)
            line.send(server.order(attempt, b"good", job=attempt, renderer=build.order()))
        for attempt, line in enumerate(lines, 1):
            result = line.expect("result", attempt=attempt)
            assert result["outcome"] == "done", result
        assert len(fetched(server, build)) == 1 and stored(slave, shared) == [build.build], server.gets
    finally:
        other.clear()


# --- what is not taken -----------------------------------------------------------------------------------------------


def returned(server, line, attempt, build, code, *words, **archive):
    """The order ends as a failure that passes."""
    line.send(server.order(attempt, b"good", job=attempt, renderer=build.order(**archive)))
    result = line.expect("result", attempt=attempt)
    accept(line, result)
    assert (result["outcome"], result["code"]) == ("returned", code), result
    for word in words:
        assert word in result["message"], result
    return result


def what_is_not_signed_fits_not_or_is_too_large_is_not_announced(server, slave):
    unsigned, alien, huge = tree("5.0.0"), tree("5.0.1", machine="linux-riscv64"), tree("5.0.2", unpacked_bytes=1 << 40)
    unsigned.item["signature"] = tree("5.0.3").item["signature"]
    good = tree("5.2.2")
    line = connect(slave)
    offered = offer(server, line, unsigned, alien, huge, good)
    assert set(offered) == {good.build}, offered
    problems = " ".join(command(slave, "status")["renderer_problems"])
    for words in ("its signature is not of the grid's renderer key", "it is for linux-riscv64", "cache_mib is 4096"):
        assert words in problems, problems
    returned(server, line, 1, unsigned, "renderer_missing", "signature")  # a server that sends it all the same
    assert stored(slave) == [] and fetched(server, unsigned) == []


def an_archive_with_another_digest_is_not_unpacked(server, slave):
    build = tree()
    line = connect(slave)
    offer(server, line, build)
    server.blobs[build.build] = build.data[:-1] + bytes([build.data[-1] ^ 1])
    returned(server, line, 1, build, "download_failed", "another SHA-256")
    assert stored(slave) == [] and leftovers(slave) == []


def an_archive_that_was_removed_on_the_server_returns_its_order(server, slave):
    build = tree()
    line = connect(slave)
    offer(server, line, build)
    del server.blobs[build.build]
    returned(server, line, 1, build, "download_failed")
    assert stored(slave) == [] and leftovers(slave) == []


def bad_archives_leave_nothing_and_are_not_offered_again(server, slave):
    link = tarfile.TarInfo("blender")
    link.type, link.linkname = tarfile.SYMTYPE, "../../../../../bin/sh"
    zeros = packed_entries(("usr/bin/blender", b"\0" * (64 << 20)))
    bad = [Delivered(KEY, b"no archive at all", "5.0.1"), Delivered(KEY, packed_entries(("../blender", b"x")), "5.0.2"),
           Delivered(KEY, packed_entries(link), "5.0.3"), Delivered(KEY, zeros, "5.0.4", unpacked_bytes=1 << 20),
           Delivered(KEY, packed_entries(("readme", b"x")), "5.0.5")]
    line = connect(slave)
    assert len(offer(server, line, *bad)) == len(bad)
    for attempt, build in enumerate(bad, 1):
        returned(server, line, attempt, build, "renderer_missing", "cannot be used")
    assert stored(slave) == [] and leftovers(slave) == [], leftovers(slave)
    assert offer(server, line, *bad) == {}


def another_key_is_refused_with_both_fingerprints(server, slave):
    other, build = GridKey(), tree()
    line = connect(slave)
    assert len(offer(server, line, build)) == 1
    first = command(slave, "status")["renderer_key"]
    slave.kill()
    line = connect(slave)
    forged = tree("5.2.3", key=other)
    assert offer(server, line, forged, key=other) == {}
    (problem,) = command(slave, "status")["renderer_problems"]
    assert first in problem and problem.count("SHA256:") == 2, problem
    assert "delete " + slave.folder + "/state/renderer_key" in problem, problem
    returned(server, line, 1, forged, "renderer_missing", "SHA256:")
    slave.kill()
    os.remove(slave.folder + "/state/renderer_key")
    line = connect(slave)
    assert len(offer(server, line, forged, key=other)) == 1


def a_configured_key_is_the_only_one(server, slave):
    line = connect(slave)
    assert offer(server, line, tree()) == {}
    (problem,) = command(slave, "status")["renderer_problems"]
    assert "renderer_key" in problem, problem


a_configured_key_is_the_only_one.settings = {"renderer_key": GridKey().public}


def a_volunteer_of_own_programs_takes_none(server, slave):
    line = slave.signed_on()
    assert "offers" not in line.sign_on or line.sign_on["offers"] == [], line.sign_on
    build = tree()
    assert offer(server, line, build) == {}
    result = render(server, line, 1, build)
    assert result["outcome"] == "failed" and result["code"] == "renderer_missing", result
    assert not fetched(server, build)


a_volunteer_of_own_programs_takes_none.settings = {"renderers": "own"}
LISTED = program("4.2.1")


def a_volunteer_may_list_what_is_taken(server, slave):
    line = connect(slave)
    assert set(offer(server, line, LISTED, tree())) == {LISTED.build}
    assert render(server, line, 1, LISTED)["outcome"] == "done"


a_volunteer_may_list_what_is_taken.settings = {**NOTHING, "renderers.delivered": [LISTED.build]}


# --- room ------------------------------------------------------------------------------------------------------------


def the_least_recently_used_goes_and_none_in_use(server, slave):
    mib = 1 << 20
    first, second, third = (tree(version, padding=30 * mib, unpacked_bytes=40 * mib)
                            for version in ("5.0.1", "5.0.2", "5.0.3"))
    line = connect(slave)
    offer(server, line, first, second, third)
    for attempt, build in ((1, first), (2, second)):
        assert render(server, line, attempt, build)["outcome"] == "done"
        all_tried(slave)  # that is a use, too
    assert stored(slave) == sorted([first.build, second.build])
    assert render(server, line, 3, first)["outcome"] == "done"  # the second was used longer ago
    assert render(server, line, 4, third)["outcome"] == "done"
    assert stored(slave) == sorted([first.build, third.build]), stored(slave)
    offered = offer(server, line, first, second, third)
    assert offered[second.build]["missing"] and "missing" not in offered[first.build], offered
    assert render(server, line, 5, second)["outcome"] == "done"  # fetched again


the_least_recently_used_goes_and_none_in_use.settings = {**NOTHING, "cache_mib": 110}


def small_disk(slave, mib):
    folder = slave.folder + "/small"
    os.makedirs(folder)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=700" % mib, "tmpfs", folder], check=True)
    return folder


def a_disk_that_is_full_while_it_unpacks_returns_the_order(server, slave):
    build = tree(padding=100 << 20, unpacked_bytes=120 << 20)
    disk = small_disk(slave, 320)
    try:
        line = connect(slave)
        offer(server, line, build)
        server.cut_downloads = 1  # it goes on after half a second
        line.send(server.order(1, b"good", renderer=build.order()))
        until(lambda: fetched(server, build), "it was not fetched")
        filler = disk + "/filler"  # there was room when it was fetched
        with open(filler, "wb") as file:
            file.write(b"\0" * (150 << 20))
        result = line.expect("result", attempt=1)
        assert (result["outcome"], result["code"]) == ("returned", "out_of_disk"), result
        assert stored(slave, disk + "/cache") == [] and os.listdir(disk + "/cache/renderers/incoming") == []
        accept(line, result)
        os.remove(filler)
        assert slave.end() == 0
        line = connect(slave)
        offer(server, line, build)
        assert render(server, line, 2, build)["outcome"] == "done"
    finally:
        slave.kill()
        subprocess.run(["umount", "-l", disk], check=True)


a_disk_that_is_full_while_it_unpacks_returns_the_order.settings = {**NOTHING, "cache": "small/cache"}
a_disk_that_is_full_while_it_unpacks_returns_the_order.missing = (
    None if os.geteuid() == 0 else "only root can mount a small disk")


# --- the real thing --------------------------------------------------------------------------------------------------

TREES = os.environ.get("DISTREN_BLENDERS", "")


def a_real_tree_renders_on_a_machine_without_blender(server, slave):
    folder = os.path.join(TREES, "sid")
    said = subprocess.run(["chroot", folder, "blender", "--version"], capture_output=True, text=True).stdout
    path = slave.folder + "/sid.tar"
    subprocess.run(["tar", "-C", folder, "--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*",
                    "--exclude=./var/cache/*", "-cf", path, "."], check=True)
    with open(path, "rb") as file:
        build = Delivered(KEY, file.read(), said.split()[1], unpacked_bytes=8 << 30)
    os.remove(path)
    with open(SOURCE + "/methods/blender/probe/probe.blend", "rb") as file:
        scene = file.read()
    line = connect(slave)
    offer(server, line, build)
    output = {"name": "0001.png", "format": "PNG", "width": 16, "height": 16, "max_bytes": 1 << 20}
    line.send(server.order(1, scene, 1, output=output, renderer=build.order()))
    while (message := line.messages.get(timeout=400))["type"] != "result":
        pass
    assert message["outcome"] == "done", message
    accept(line, message)
    while "CYCLES" not in str(line.announce["renderers"]):
        line.announce = line.expect("announce")


a_real_tree_renders_on_a_machine_without_blender.real = True
a_real_tree_renders_on_a_machine_without_blender.settings = {
    **NOTHING, "renderers.denoise": ["/absent"], "cache_mib": 16384}
a_real_tree_renders_on_a_machine_without_blender.missing = (
    None if os.path.exists(os.path.join(TREES, "sid/usr/bin/blender")) else "DISTREN_BLENDERS names no folder of trees")

for each in [each for each in globals().values() if inspect.isfunction(each) and each.__module__ == "__main__"]:
    each.settings = getattr(each, "settings", NOTHING)
    each.missing = getattr(each, "missing", None) if SANDBOX else "there is no sandbox"
del each  # or it would be run twice
run_cases(globals())
