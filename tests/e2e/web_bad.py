#!/usr/bin/env python3
"""What goes wrong for users of the web pages, in a real browser: interrupted uploads, files that are not scenes, folders
without end, names that are script, a server without room. Each ends in one clear sentence and a way to go on."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import scenes  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_fixture import SCRIPT, fixture, run_pages  # noqa: E402

MOST_FILES = 100000
# What a test may see of requests, and hold back: window.seen is "METHOD offset" of every one to /uploads; from the
# second PATCH on none leaves while window.unsent is true, and window.go() lets it.
WATCH = """
window.seen = [];
window.unsent = arguments[0];
const real = window.fetch;
window.fetch = (address, how) => {
  const method = (how && how.method) || 'GET';
  if (String(address).includes('/uploads')) window.seen.push(method + ' ' + ((how.headers || {})['Upload-Offset'] || ''));
  const parts = window.seen.filter((each) => each.startsWith('PATCH')).length;
  const wait = window.unsent && method === 'PATCH' && parts > 1 ? new Promise((go) => { window.go = go; }) : null;
  return wait ? wait.then(() => real(address, how)) : real(address, how);
};
"""


def plain():
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        return file.read()


def written(fixture, name, content):
    path = os.path.join(fixture.grid.folder, name)
    with open(path, "wb") as file:
        file.write(content)
    return path


def new_job(fixture):
    fixture.go("jobs/new", "New job")
    if "Choose file" not in fixture.page.text():
        fixture.page.reload()
        fixture.page.heading("New job")


@case
def an_upload_is_cut_by_a_reload_and_goes_on_from_there(fixture):
    page = fixture.page
    fixture.sign_up()
    path = written(fixture, "large.blend", plain() + os.urandom(12 << 20))  # Blender reads to the end mark and no further
    new_job(fixture)
    page.script(WATCH, True)
    page.choose_files("Choose files", path)
    wait_until("two parts were begun", lambda: page.script("return window.seen.length") == 3)
    page.reload()
    page.see("An upload was interrupted")
    fixture.take("upload-cut")
    page.script(WATCH, False)
    page.choose_files("Choose files", path)
    page.see("Upload complete")
    seen = page.script("return window.seen")
    assert seen[0].startswith("HEAD") and not any(each.startswith("POST") for each in seen), seen
    assert seen[1] == f"PATCH {8 << 20}", seen


@case
def an_upload_is_cut_by_the_server_and_goes_on_by_itself(fixture):
    page, grid = fixture.page, fixture.grid
    path = written(fixture, "other.blend", plain() + os.urandom(12 << 20))
    new_job(fixture)
    page.script(WATCH, True)
    page.choose_files("Choose files", path)
    wait_until("a part waits", lambda: page.script("return typeof window.go") == "function")
    assert grid.stop() == 0
    page.script("window.unsent = false; window.go()")
    page.see("Can’t reach the server. Retrying automatically")
    grid.start()
    page.see_not("Can’t reach the server")
    page.see("Upload complete", seconds=60)
    assert page.script("return window.seen.filter((each) => each.startsWith('POST')).length") == 1


@case
def what_is_no_scene_is_said_in_words(fixture):
    page = fixture.page
    for name, content in (("noise.blend", os.urandom(50000)), ("cut.blend", plain()[:30000]), ("empty.blend", b""),
                          ("text.blend", b"a recipe for soup\n" * 100)):
        path = written(fixture, name, content)
        new_job(fixture)
        page.choose_files("Choose files", path)
        page.see(name + ":")
        assert page.script("return [...document.querySelectorAll('button')].find((e) => e.innerText === 'Submit')"
                           "?.disabled ?? true"), f"{name} could be submitted"
    fixture.take("no-scene-empty")
    new_job(fixture)
    page.choose_files("Choose files", written(fixture, "holiday.jpg", b"not an image"))
    page.see("It has no .blend file")
    fixture.take("no-blend")


@case
def script_in_the_names_inside_a_scene_is_shown_as_text(fixture):
    page = fixture.page
    path = written(fixture, SCRIPT + ".blend", plain())
    words = f"import bpy; name = {SCRIPT!r}; bpy.context.scene.name = name; bpy.context.scene.camera.name = name; " \
            "bpy.ops.wm.save_mainfile()"
    subprocess.run(["blender", "--background", "--factory-startup", "--python-exit-code", "9", path, "--python-expr",
                    words], check=True, capture_output=True)
    new_job(fixture)
    page.choose_files("Choose files", path)
    page.see("Upload complete", "No problems found.", SCRIPT)
    page.fill("Frames", "1")
    fixture.take("script-in-names")
    page.press("Submit")
    page.heading(SCRIPT)
    page.see(SCRIPT + ".blend")
    assert page.script("return typeof window.hacked") == "undefined"


@case
def a_folder_of_too_many_files_is_rejected_and_the_page_stays_responsive(fixture):
    page = fixture.page
    folder = os.path.join(fixture.grid.folder, "everything")
    for number in range(MOST_FILES // 1000 + 1):
        inner = os.path.join(folder, f"{number:03}")
        os.makedirs(inner)
        for each in range(1000):
            os.close(os.open(os.path.join(inner, f"{each:03}.txt"), os.O_CREAT | os.O_WRONLY, 0o600))
    new_job(fixture)
    # Timer ticks while the page reads the folder: a frozen page would have none.
    page.script("window.ticks = 0; window.timer = setInterval(() => window.ticks += 1, 20)")
    fixture.drop(".drop", folder)
    page.see("files", seconds=60)
    page.see("More than 100,000 files", seconds=300)
    assert page.script("clearInterval(window.timer); return window.ticks") > 50
    fixture.take("too-many-files")
    page.choose_files("Choose files", os.path.join(scenes(), "plain.blend"))
    page.see("Upload complete")
    page.see_not("More than")
    shutil.rmtree(folder)


@case
def a_full_server_rejects_an_upload_that_resumes_later(fixture):
    page, grid = fixture.page, fixture.grid
    grid.settings["limits.min_free_bytes"] = 1 << 50
    grid.write_config()
    grid.restart()
    path = written(fixture, "late.blend", plain() + os.urandom(1 << 20))
    new_job(fixture)
    page.choose_files("Choose files", path)
    page.see("disk has no room", "try again later")
    fixture.take("no-room")
    grid.settings["limits.min_free_bytes"] = 0
    grid.write_config()
    grid.restart()
    page.see_not("Can’t reach the server")
    page.press("Try again")
    page.see("Upload complete")
    page.see_not("disk has no room")


if __name__ == "__main__":
    run_pages(fixture)
