#!/usr/bin/env python3
"""The web pages in a real browser with the real daemons: from the first account to rendered and edited jobs. Screenshots
of every page are left in screenshots/ of the build."""
import os
import re
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import scenes  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_fixture import PASSWORD, fixture, run_pages  # noqa: E402


@case
def the_first_account_is_created_on_the_page(fixture):
    page = fixture.page
    page.open(fixture.base)
    page.heading("A new grid")
    fixture.take("login")
    page.fill("Name", "anna")
    page.fill("Password", PASSWORD)
    page.press("Create account", "button.button-main")
    page.heading("Hello anna")
    page.see("Nothing rendered yet", "Admin")
    fixture.take("home-empty")
    status, login = fixture.grid.api("POST", "/api/v1/sessions", {"name": "anna", "password": PASSWORD}, token="")
    assert status == 201 and login["user"]["role"] == "administrator", login
    fixture.grid.token = login["token"]


@case
def a_pc_is_added_and_shown_as_connected(fixture):
    page = fixture.page
    page.press("Add a PC")
    page.heading("Add a PC")
    page.fill("Name of this PC", "attic")
    page.press("Create key")
    page.see("slavepassword = ")
    settings = page.text()
    credentials = {name: re.search(rf'{name} = "(\w+)"', settings)[1] for name in ("slavekey", "slavepassword")}
    assert f"port = {fixture.grid.line_port}\n" in settings, settings
    fixture.take("add-pc")
    slave = fixture.grid.api("GET", "/api/v1/slaves")[1]["items"][0]
    fixture.grid.add_slave("attic", credentials={"id": slave["id"], **credentials})
    page.see("blender 3.4")
    page.press("Open attic")
    page.heading("attic")
    page.see("Idle", "Cores lent")
    fixture.take("slave")


@case
def a_chosen_scene_is_inspected_and_rendered(fixture):
    page = fixture.page
    page.press("Jobs")
    page.see("No jobs yet")
    page.press("New job")
    page.see("Drop a .blend file or a folder here")
    fixture.take("new-job-empty")
    page.choose_files("Choose files", os.path.join(scenes(), "plain.blend"))
    page.see("Upload complete", "Cycles", "64 × 36, PNG", "No problems found.")
    wait_until("the scene's frames are proposed", lambda: page.script(
        "return [...document.querySelectorAll('input')].some((e) => e.value === '1-12')"))
    fixture.take("new-job")
    page.fill("Frames", "1-4")
    page.fill("Name", "cube")
    page.press("Submit")
    page.heading("cube")
    page.see("Finished", "4 of 4", seconds=180)
    wait_until("four images are shown", lambda: page.script(
        "return [...document.querySelectorAll('.frames img')].filter((e) => e.naturalWidth > 0).length") == 4)
    fixture.take("job")


@case
def the_viewer_is_controlled_by_the_keyboard(fixture):
    page = fixture.page

    def shows(frame):
        wait_until(f"frame {frame} is shown", lambda: page.script(
            "return document.querySelector('.stage:last-child img')?.dataset.frame") == str(frame))
    page.press("Frame 2")
    shows(2)
    for key, frame in (("ArrowRight", 3), ("End", 4), ("ArrowLeft", 3), ("Home", 1)):
        page.key(key)
        shows(frame)
    fixture.at("frame=1")
    fixture.take("viewer")
    page.key("c")
    page.key("End")
    shows(4)
    assert page.script("return document.querySelectorAll('.stage').length") == 2
    fixture.take("viewer-compare")
    page.key("c")
    page.key("+")
    assert page.script("return document.querySelector('.stage-zoomed') !== null")
    page.key("0")
    page.key("Space")
    wait_until("it plays on from the end", lambda: page.script(
        "return document.querySelector('.stage:last-child img')?.dataset.frame") != "4")
    page.key("Space")
    page.key("Escape")
    wait_until("the viewer is closed", lambda: page.script("return document.querySelector('.viewer') === null"))
    assert "frame=" not in page.address(), page.address()


@case
def the_preview_is_created_and_plays(fixture):
    page = fixture.page
    page.press("Preview", ".switch button")
    wait_until("the video is loaded", lambda: page.script(
        "const video = document.querySelector('video'); return video !== null && video.readyState >= 2"))
    assert page.script("return document.querySelector('video').paused")  # this reader asked for little motion
    page.promise("await document.querySelector('video').play()")
    wait_until("it plays", lambda: page.script("return document.querySelector('video').currentTime > 0"))
    assert page.script("return document.querySelector('video').duration > 0.1")
    page.script("document.querySelector('video').pause()")
    page.see_not("Creating preview")
    fixture.take("job-animation")
    page.press("Latest frame", ".switch button")
    wait_until("the frame is back", lambda: page.script("return document.querySelector('video') === null"))


@case
def all_frames_are_downloaded_as_one_zip(fixture):
    page = fixture.page
    page.chrome("Browser.setDownloadBehavior", behavior="allow", downloadPath=fixture.grid.folder)
    page.press("Download all as ZIP")
    path = os.path.join(fixture.grid.folder, "cube.zip")
    wait_until("the ZIP is there", lambda: os.path.exists(path))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert sorted(names) == sorted(os.listdir(fixture.grid.output(1))), names
        for name in names:
            with open(os.path.join(fixture.grid.output(1), name), "rb") as frame:
                assert archive.read(name) == frame.read(), name


@case
def a_duplicated_job_starts_with_files_and_options_of_the_original(fixture):
    page = fixture.page
    page.press("Duplicate")
    page.heading("Like “cube”")
    wait_until("its frames are there", lambda: page.script(
        "return [...document.querySelectorAll('input')].some((e) => e.value === '1-4')"))
    page.fill("Name", "cube again")
    page.fill("Camera", "Side")
    page.press("Start paused")
    page.see("No problems found.")
    page.press("Submit")
    page.heading("cube again")
    page.see("Paused", "Side")
    assert fixture.grid.job(2)["parameters"]["camera"] == "Side", fixture.grid.job(2)


@case
def jobs_are_filtered_sorted_and_changed_in_bulk(fixture):
    page, grid = fixture.page, fixture.grid
    for number in range(3, 8):
        grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-20", "--paused", "--name", f"shot {number}")
    page.press("Jobs", "nav a")
    page.see("shot 7", "cube again")
    fixture.take("jobs")
    page.press("Paused", ".filters button")
    fixture.at("state=paused")
    page.fill("Search by name or number", "shot")
    fixture.at("q=shot")
    page.see_not("cube again")
    page.press("Job", "th button")
    page.reload()  # all of it is in the address
    page.see("shot 7")
    page.see_not("cube again")
    first = page.script("return document.querySelector('tbody .row-link').innerText")
    assert first == "shot 3", first
    page.press("Select all rows")
    page.see("5 selected")
    fixture.take("jobs-chosen")
    page.press("Cancel", ".bulk button")
    page.see("Cancel 5 jobs?", "100 frames will not be rendered")
    fixture.take("question")
    page.press("Cancel", "dialog button")
    page.see("No matching jobs")
    assert all(grid.job(number)["state"] == "cancelled" for number in range(3, 8))
    page.press("Show all jobs")
    page.press("shot 5")
    page.heading("shot 5")
    page.press("Delete")
    page.see("no finished frames")
    page.press("Delete", "dialog button")
    page.heading("Jobs")
    page.see_not("shot 5")
    assert grid.api("GET", "/api/v1/jobs/5")[0] == 404


@case
def a_job_is_renamed_paused_and_resumed(fixture):
    page, grid = fixture.page, fixture.grid
    fixture.go("jobs/2", "cube again")
    page.press("Edit")
    page.fill("Name", "the other side")
    page.fill("Priority", "70")
    page.press("Save")
    page.heading("the other side")
    page.press("Resume")
    page.see("Finished", seconds=120)
    assert grid.job(2)["priority"] == 70, grid.job(2)
    fixture.go("", "Hello anna")
    page.see("Recent jobs", "the other side")
    fixture.take("home")


@case
def a_file_that_is_not_a_scene_is_rejected_with_a_reason(fixture):
    page = fixture.page
    fixture.go("jobs/new", "New job")
    page.choose_files("Choose files", os.path.join(scenes(), "text.blend"))
    page.see("text.blend:")
    fixture.take("no-scene")
    notes = os.path.join(fixture.grid.folder, "notes.txt")
    with open(notes, "w") as file:
        file.write("no scene")
    page.choose_files("Choose other files", notes)
    page.see("It has no .blend file")


@case
def an_upload_resumes_after_a_reload(fixture):
    page = fixture.page
    path = os.path.join(fixture.grid.folder, "large.blend")
    with open(os.path.join(scenes(), "plain.blend"), "rb") as scene, open(path, "wb") as file:
        file.write(scene.read())
        file.write(os.urandom(10 << 20))  # Blender reads to the end mark and no further
    watch = ("window.seen = []; const real = window.fetch; window.fetch = (address, how) => {"
             "  const method = (how && how.method) || 'GET';"
             "  if (String(address).includes('/uploads')) window.seen.push(method);"
             "  return arguments[0] && method === 'PATCH' && window.seen.filter((m) => m === 'PATCH').length > 1"
             "    ? new Promise(() => {}) : real(address, how); };")
    fixture.go("jobs/new", "New job")
    page.script(watch, True)  # the second part never leaves
    page.choose_files("Choose files", path)
    wait_until("two parts are sent", lambda: page.script("return window.seen.join()") == "POST,PATCH,PATCH")
    page.reload()
    page.see("An upload was interrupted")
    page.script(watch, False)
    page.choose_files("Choose files", path)
    page.see("Upload complete")
    assert page.script("return window.seen.join()") == "HEAD,PATCH", page.script("return window.seen.join()")


if __name__ == "__main__":
    run_pages(fixture)
