#!/usr/bin/env python3
"""Renderers that the grid delivers: what an administrator adds is unpacked and asked for its version in a sandbox, signed,
chosen by jobs and sent to slaves; what lies, leads out or is no program is refused with a sentence."""
import base64
import contextlib
import hashlib
import io
import json
import os
import sys
import tarfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from grid import Grid  # noqa: E402
from malicious_slave import Line, slave  # noqa: E402
from programs import scenes  # noqa: E402
from tap import Skip, case, run  # noqa: E402

PRINTS = "#!/bin/sh\necho 'Blender %s'\ntest -w / && echo writable\n"


def archive(folder, name, version="4.3.2", members=None, mode="w:xz", program=None):
    """A stand-in for an official archive: one folder with a script that says its version."""
    path = os.path.join(folder, name)
    top = name.split(".tar")[0]
    with tarfile.open(path, mode) as tar:
        def add(member, content=b"", **more):
            info = tarfile.TarInfo(member)
            info.size, info.mode = len(content), 0o755
            for key, value in more.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))
        add(top, type=tarfile.DIRTYPE)
        add(top + "/blender", PRINTS.encode() % version.encode() if program is None else program)
        add(top + "/license.txt", os.urandom(20).hex().encode())
        for member, content, more in members or ():
            add(member.replace("TOP", top), content, **more)
    return path


def added(grid, path):
    return json.loads(grid.cli("renderer", "add", path, "--json", check=0).stdout)


def refused(grid, path, *words):
    done = grid.cli("renderer", "add", path, check=1)
    for word in words:
        assert word in done.stderr, f"{word} is not in: {done.stderr}"


@contextlib.contextmanager
def taking_renderers(grid, name, *renderers):
    """A slave that takes renderers of the grid; its first list."""
    with Line(grid).sign_on(slave(grid, name), offers=["renderers"]) as line:
        line.expect("welcome")
        line.announce(renderers=list(renderers))
        yield line, line.expect("renderers")


@contextlib.contextmanager
def fixture():
    with Grid() as grid:
        if grid.settings["sandbox"] == "off":
            raise Skip("there is no sandbox here")
        yield grid


@case
def an_archive_is_added_and_signed_and_said_to_slaves(grid):
    path = archive(grid.folder, "blender-4.3.2-linux-x64.tar.xz")
    renderer = added(grid, path)
    with open(path, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert renderer["version"] == "4.3.2" and renderer["build"] == digest, renderer
    assert renderer["layout"] == "program" and renderer["platform"].startswith("linux-"), renderer
    shown = grid.cli("renderers", check=0).stdout
    assert "4.3.2" in shown and digest[:12] in shown, shown
    assert not os.listdir(os.path.join(grid.home, "stor", "unpacking")), "what was unpacked is still there"
    key_file = os.path.join(grid.home, "stor", "renderer_key")
    assert os.stat(key_file).st_mode & 0o077 == 0
    status, about = grid.api("GET", "/api/v1/grid", token="")
    assert status == 200 and len(base64.b64decode(about["renderer_key"])) == 32, about
    with taking_renderers(grid, "taker") as (line, said):
        assert said["key"] == about["renderer_key"], said
        (item,) = said["items"]
        assert item["build"] == digest and item["size_bytes"] == os.path.getsize(path), item
        signed_by(about["renderer_key"], item)
        second = added(grid, archive(grid.folder, "blender-5.2.2-linux-x64.tar.gz", "5.2.2", mode="w:gz"))
        assert len(line.expect("renderers")["items"]) == 2
        grid.cli("renderer", "remove", second["id"], check=0)
        assert len(line.expect("renderers")["items"]) == 1
    with Line(grid).welcome(slave(grid, "own")) as line:
        line.announce(renderers=[])
        time.sleep(1)
        line.send({"type": "ping"})
        line.expect("pong")
        assert not [each for each in line.deferred if each["type"] == "renderers"], "it takes none, and hears of them"


def signed_by(key, item):
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        return  # the unit tests of common/base verify signatures
    text = "distren-renderer 1\n" + "".join(f"{item[name]}\n" for name in (
        "method", "version", "build", "size_bytes", "unpacked_bytes", "platform"))
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)).verify(base64.b64decode(item["signature"]), text.encode())


@case
def a_job_chooses_it_and_its_order_says_where_it_comes_from(grid):
    (renderer,) = json.loads(grid.cli("renderers", "--json", check=0).stdout)["items"]
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1", "--blender", "4.3")
    chosen = grid.job(job)["renderer"]
    assert (chosen["version"], chosen["build"]) == ("4.3.2", renderer["build"]), chosen
    offered = {"method": "blender", "version": "4.3.2", "build": renderer["build"], "engines": [], "missing": True}
    with taking_renderers(grid, "taker", offered) as (line, _):
        order = line.expect_order()
        assert order["renderer"]["version"] == "4.3.2" and order["renderer"]["build"] == renderer["build"], order
        there = order["renderer"]["archive"]
        status, content, _, _ = grid.http("GET", there["url"], token="")
        assert status == 200 and hashlib.sha256(content).hexdigest() == renderer["build"]
        status, piece, _, _ = grid.http("GET", there["url"], token="", headers={"Range": "bytes=100-199"})
        assert status == 206 and piece == content[100:200], status
        shown = grid.cli("renderer", "show", renderer["id"], check=0).stdout
        assert f"job              {job} " in shown and "taker (not fetched yet)" in shown, shown
        done = grid.cli("renderer", "remove", renderer["id"], check=1)
        assert "1 unfinished job is rendered by blender 4.3.2" in done.stderr and str(job) in done.stderr, done.stderr
        grid.cli("renderer", "remove", renderer["id"], "--pause-jobs", check=0)
        assert grid.job(job)["state"] == "paused" and "was removed from this grid" in grid.job(job)["state_reason"]
    grid.cli("resume", job, check=0)
    with taking_renderers(grid, "taker"):
        why = grid.cli("explain", job, check=0).stdout
        assert "was removed from this grid" in why and "choose another version" in why, why
        assert grid.job(job)["estimated_finish_at"] is None
    grid.cli("cancel", job, check=0)


@case
def what_is_no_good_is_refused_with_a_sentence(grid):
    folder = grid.folder
    junk = os.path.join(folder, "blender-4.3.2.tar.xz")
    with open(junk, "wb") as file:
        file.write(b"not an archive" * 100)
    refused(grid, junk, "blender-4.3.2.tar.xz")
    refused(grid, archive(folder, "blender-4.5.0-linux-x64.tar.xz", "4.3.2"), "its name says blender 4.5.0", "says 4.3.2")
    refused(grid, archive(folder, "blender-a.tar.xz", members=[("../out", b"x", {})]), "..")
    refused(grid, archive(folder, "blender-b.tar.xz", members=[("/etc/out", b"x", {})]), "/etc/out")
    refused(grid, archive(folder, "blender-c.tar.xz", members=[
        ("TOP/link", b"", {"type": tarfile.SYMTYPE, "linkname": "../../../etc/passwd"})]), "link")
    refused(grid, archive(folder, "blender-d.tar.xz", members=[
        ("TOP/null", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3})]), "null")
    refused(grid, archive(folder, "blender-e.tar.xz", program=b"MZ" + b"\0" * 100), "a Windows program")
    refused(grid, archive(folder, "blender-f.tar.xz", program=b"\x7fELF\x02\x01\x01" + b"\0" * 11 + b"\xb7\0" + b"\0" * 100),
            "for linux-aarch64")
    refused(grid, archive(folder, "blender-g.tar.xz", program=b"#!/bin/sh\necho hello\n"), "without printing a version", "hello")
    refused(grid, archive(folder, "blender-h.tar.xz", program=b"#!/bin/sh\ncat /etc/shadow; exit 3\n"), "exited with 3")
    refused(grid, archive(folder, "blender-i.tar.xz", members=[("TOP/zeros", b"\0" * (80 << 20), {})]), "times as much")
    empty = os.path.join(folder, "nothing.tar.xz")
    with tarfile.open(empty, "w:xz"):
        pass
    refused(grid, empty, "nothing.tar.xz", "empty")
    assert not os.listdir(os.path.join(grid.home, "stor", "unpacking"))
    assert json.loads(grid.cli("renderers", "--json", check=0).stdout)["items"] == []


@case
def two_archives_of_a_version_are_told_apart_and_the_newer_enabled_one_is_chosen(grid):
    first = added(grid, archive(grid.folder, "blender-4.3.2-linux-x64.tar.xz"))
    done = grid.cli("renderer", "add", os.path.join(grid.folder, "blender-4.3.2-linux-x64.tar.xz"), check=1)
    assert f"renderer {first['id']} already" in done.stderr, done.stderr
    second = added(grid, archive(grid.folder, "blender-4.3.2-linux-x64.tar.xz"))
    assert first["build"] != second["build"]

    def chosen():
        answer = json.loads(grid.cli("check", os.path.join(scenes(), "plain.blend"), "--frames", "1", "--blender", "4.3",
                                     "--json", check=0).stdout)
        return answer["renderer"]["build"]
    assert chosen() == second["build"]
    grid.cli("renderer", "disable", second["id"], check=0)
    assert chosen() == first["build"]
    grid.cli("renderer", "enable", second["id"], check=0)
    assert chosen() == second["build"]


@case
def only_administrators_decide(grid):
    token = grid.sign_up("somebody")
    status, listed = grid.api("GET", "/api/v1/renderers", token=token)
    assert status == 200 and len(listed["items"]) == 2, listed
    number = listed["items"][0]["id"]
    for method, path, body in (("POST", "/api/v1/renderers", {"sha256": "a" * 64, "file_name": "x"}),
                               ("GET", f"/api/v1/renderers/{number}", None),
                               ("PATCH", f"/api/v1/renderers/{number}", {"enabled": False}),
                               ("DELETE", f"/api/v1/renderers/{number}", None)):
        assert grid.api(method, path, body, token=token)[0] == 403, (method, path)
    for body in ({}, {"sha256": "abc", "file_name": "x"}, {"sha256": "a" * 64, "file_name": ""},
                 {"sha256": "a" * 64, "file_name": "x", "method": "maya"}):
        assert grid.api("POST", "/api/v1/renderers", body)[0] == 400, body
    status, answer = grid.api("POST", "/api/v1/renderers", {"sha256": "a" * 64, "file_name": "x"})
    assert (status, answer["code"]) == (409, "files_missing"), answer
    assert grid.api("GET", "/api/v1/renderers/9999")[0] == 404
    status, log = grid.api("GET", "/api/v1/admin/audit-log?kind=renderer_added")
    assert status == 200 and "added the renderer blender 4.3.2" in log["items"][0]["message"], log


if __name__ == "__main__":
    run(fixture, Grid.evidence)
