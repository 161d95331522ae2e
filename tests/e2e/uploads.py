#!/usr/bin/env python3
"""An upload whose program was killed is resumed by the next one: only what the server lacks is sent."""
import glob
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from fault_proxy import FaultProxy  # noqa: E402
from grid import Grid  # noqa: E402
from programs import program, scenes  # noqa: E402
from tap import case, comment, run, wait_until  # noqa: E402

MIB = 1 << 20
SIZE, FIRST = 64 * MIB, 24 * MIB


def project(grid, name):
    root = os.path.join(grid.folder, name)
    os.mkdir(root)
    shutil.copy(os.path.join(scenes(), "plain.blend"), root)
    with open(os.path.join(root, "large"), "wb") as file:
        file.write(os.urandom(SIZE))
    return root


def submitting(grid, proxy, root):
    config = os.path.join(grid.folder, "config", "anna")
    os.makedirs(config, exist_ok=True)
    words = [program("distren"), "submit", os.path.join(root, "plain.blend"), "--root", root, "--all-files", "--frames", "1",
             "--paused"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            env={**os.environ, "DISTREN_SERVER": f"https://localhost:{proxy.port}", "DISTREN_TOKEN": grid.token,
                                 "DISTREN_CA_FILE": grid.ca, "XDG_CONFIG_HOME": config})


def killed_in_the_middle(grid, proxy, root):
    # The first connection asks what is missing; the large file goes over the next.
    proxy.budgets = [None, FIRST]
    first = submitting(grid, proxy, root)
    before = proxy.cuts
    wait_until("a part of the file has arrived", lambda: proxy.cuts > before or first.poll() is not None)
    assert first.poll() is None, first.communicate()[0]
    proxy.disconnect()
    first.kill()
    first.wait()
    proxy.reconnect()


def sent_by_another(grid, proxy, root):
    """How many bytes a whole submission needs."""
    proxy.cut()
    before = len(proxy.relayed)
    second = submitting(grid, proxy, root)
    printed = second.communicate(timeout=300)[0]
    assert second.returncode == 0, printed
    wait_until("its connections have ended", lambda: not proxy._pairs)
    return sum(proxy.relayed[before:]), printed


def notes(grid):
    return glob.glob(os.path.join(grid.folder, "config", "anna", "distren", "uploads", "*"))


@case
def a_killed_upload_is_resumed_from_what_has_arrived(grid):
    root = project(grid, "killed")
    with FaultProxy(int(grid.url.rsplit(":", 1)[1])) as proxy:
        killed_in_the_middle(grid, proxy, root)
        assert len(notes(grid)) == 1, notes(grid)
        assert os.stat(notes(grid)[0]).st_mode & 0o077 == 0
        sent, printed = sent_by_another(grid, proxy, root)
    comment(f"{sent / MIB:.1f} of {SIZE / MIB:.0f} MiB were sent by the second; {printed.strip().splitlines()[-1]}")
    assert sent < SIZE - FIRST + 8 * MIB, sent
    assert not notes(grid), notes(grid)


@case
def it_is_resumed_after_a_kill_of_the_server_too(grid):
    root = project(grid, "both")
    with FaultProxy(int(grid.url.rsplit(":", 1)[1])) as proxy:
        killed_in_the_middle(grid, proxy, root)
        grid.kill9()
        grid.start()
        sent, _ = sent_by_another(grid, proxy, root)
    assert sent < SIZE - FIRST + 8 * MIB, sent


@case
def an_upload_that_the_server_has_forgotten_begins_again(grid):
    root = project(grid, "forgotten")
    with FaultProxy(int(grid.url.rsplit(":", 1)[1])) as proxy:
        killed_in_the_middle(grid, proxy, root)
        grid.kill9()
        for path in glob.glob(os.path.join(grid.home, "stor", "upload", "*")):
            os.unlink(path)
        grid.start()
        sent, _ = sent_by_another(grid, proxy, root)
    assert sent > SIZE, sent
    assert not notes(grid), notes(grid)


run(Grid, lambda grid: grid.evidence())
