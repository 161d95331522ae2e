#!/usr/bin/env python3
"""The web pages in a real browser, against the real daemons: from the first account to a grid in use, and what may go
wrong under an open page. Screenshots of every page are left in screenshots/ of the build."""
import contextlib
import http.client
import http.server
import os
import re
import sys
import threading
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import scenes  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_lab import PASSWORD, SCRIPT, SHOTS, lab, run_pages  # noqa: E402


@contextlib.contextmanager
def below_a_prefix(grid, prefix):
    """A proxy that shows the grid below a path, as people put several services on one host."""
    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            assert self.path.startswith(prefix), self.path
            server = http.client.HTTPConnection("127.0.0.1", grid.http_port)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            server.request(self.command, "/" + self.path[len(prefix):], body or None, headers)
            answer = server.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            server.close()

        do_POST = do_PATCH = do_GET

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{proxy.server_port}{prefix}"
        proxy.shutdown()


@case
def the_first_account_is_created_on_the_page(lab):
    page = lab.page
    page.open(lab.base)
    page.heading("A new grid")
    lab.take("login")
    page.fill("Name", "anna")
    page.fill("Password", PASSWORD)
    page.press("Make an account", "button.button-main")
    page.heading("Hello anna")
    page.see("Nothing rendered yet", "Admin")
    lab.take("home-empty")
    status, login = lab.grid.api("POST", "/api/v1/login", {"name": "anna", "password": PASSWORD}, token="")
    assert status == 200 and login["user"]["role"] == "administrator", login
    lab.grid.token = login["token"]


@case
def a_pc_is_added_and_shown_as_connected(lab):
    page = lab.page
    page.press("Add a PC")
    page.heading("Add a PC")
    page.fill("What do you call this PC?", "attic")
    page.press("Make its key")
    page.see("slavepassword = ")
    settings = page.text()
    credentials = {name: re.search(rf'{name} = "(\w+)"', settings)[1] for name in ("slavekey", "slavepassword")}
    assert f"port = {lab.grid.line_port}\n" in settings, settings
    lab.take("add-pc")
    slave = lab.grid.api("GET", "/api/v1/slaves")[1]["items"][0]
    lab.grid.add_slave("attic", credentials={"id": slave["id"], **credentials})
    page.see("blender 3.4")
    page.press("To attic")
    page.heading("attic")
    page.see("Idle", "Cores lent")
    lab.take("slave")


@case
def a_chosen_scene_is_inspected_and_rendered(lab):
    page = lab.page
    page.press("Jobs")
    page.see("No jobs yet")
    page.press("New job")
    page.see("Drop a .blend file or a folder here")
    lab.take("new-job-empty")
    page.choose_files("Choose files", os.path.join(scenes(), "plain.blend"))
    page.see("Everything is uploaded", "Cycles", "64 × 36, PNG", "Nothing is missing.")
    wait_until("the scene's frames are proposed", lambda: page.script(
        "return [...document.querySelectorAll('input')].some((e) => e.value === '1-12')"))
    lab.take("new-job")
    page.fill("Frames", "1-4")
    page.fill("Name", "cube")
    page.press("Submit")
    page.heading("cube")
    page.see("Finished", "4 of 4", seconds=180)
    wait_until("four images are shown", lambda: page.script(
        "return [...document.querySelectorAll('.frames img')].filter((e) => e.naturalWidth > 0).length") == 4)
    lab.take("job")


@case
def the_viewer_is_controlled_by_the_keyboard(lab):
    page = lab.page

    def shows(frame):
        wait_until(f"frame {frame} is shown", lambda: page.script(
            "return document.querySelector('.stage:last-child img')?.dataset.frame") == str(frame))
    page.press("Frame 2")
    shows(2)
    for key, frame in (("ArrowRight", 3), ("End", 4), ("ArrowLeft", 3), ("Home", 1)):
        page.key(key)
        shows(frame)
    lab.at("frame=1")
    lab.take("viewer")
    page.key("c")
    page.key("End")
    shows(4)
    assert page.script("return document.querySelectorAll('.stage').length") == 2
    lab.take("viewer-compare")
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
def the_preview_is_created_and_plays(lab):
    page = lab.page
    page.press("Animation", ".switch button")
    wait_until("the video is loaded", lambda: page.script(
        "const video = document.querySelector('video'); return video !== null && video.readyState >= 2"))
    assert page.script("return document.querySelector('video').paused")  # this reader asked for little motion
    page.promise("await document.querySelector('video').play()")
    wait_until("it plays", lambda: page.script("return document.querySelector('video').currentTime > 0"))
    assert page.script("return document.querySelector('video').duration > 0.1")
    page.script("document.querySelector('video').pause()")
    page.see_not("The animation is being made")
    lab.take("job-animation")
    page.press("Latest frame", ".switch button")
    wait_until("the frame is back", lambda: page.script("return document.querySelector('video') === null"))


@case
def all_frames_are_downloaded_as_one_zip(lab):
    page = lab.page
    page.chrome("Browser.setDownloadBehavior", behavior="allow", downloadPath=lab.grid.folder)
    page.press("Download all as ZIP")
    path = os.path.join(lab.grid.folder, "cube.zip")
    wait_until("the ZIP is there", lambda: os.path.exists(path))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert sorted(names) == sorted(os.listdir(lab.grid.output(1))), names
        for name in names:
            with open(os.path.join(lab.grid.output(1), name), "rb") as frame:
                assert archive.read(name) == frame.read(), name


@case
def a_duplicated_job_starts_with_files_and_options_of_the_original(lab):
    page = lab.page
    page.press("Duplicate")
    page.heading("Like “cube”")
    wait_until("its frames are there", lambda: page.script(
        "return [...document.querySelectorAll('input')].some((e) => e.value === '1-4')"))
    page.fill("Name", "cube again")
    page.fill("Camera", "Side")
    page.press("Begin paused")
    page.see("Nothing is missing.")
    page.press("Submit")
    page.heading("cube again")
    page.see("Paused", "Side")
    assert lab.grid.job(2)["parameters"]["camera"] == "Side", lab.grid.job(2)


@case
def jobs_are_filtered_sorted_and_changed_in_bulk(lab):
    page, grid = lab.page, lab.grid
    for number in range(3, 8):
        grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-20", "--paused", "--name", f"shot {number}")
    page.press("Jobs", "nav a")
    page.see("shot 7", "cube again")
    lab.take("jobs")
    page.press("Paused", ".filters button")
    lab.at("state=paused")
    page.fill("Search by name or number", "shot")
    lab.at("q=shot")
    page.see_not("cube again")
    page.press("Job", "th button")
    page.reload()  # all of it is in the address
    page.see("shot 7")
    page.see_not("cube again")
    first = page.script("return document.querySelector('tbody .row-link').innerText")
    assert first == "shot 3", first
    page.press("Choose all rows")
    page.see("5 chosen")
    lab.take("jobs-chosen")
    page.press("Cancel", ".bulk button")
    page.see("Cancel 5 jobs?", "100 frames will not be rendered")
    lab.take("question")
    page.press("Cancel", "dialog button")
    page.see("No job is like that")
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
def a_job_is_renamed_paused_and_resumed(lab):
    page, grid = lab.page, lab.grid
    lab.go("jobs/2", "cube again")
    page.press("Edit")
    page.fill("Name", "the other side")
    page.fill("Priority", "70")
    page.press("Save")
    page.heading("the other side")
    page.press("Resume")
    page.see("Finished", seconds=120)
    assert grid.job(2)["priority"] == 70, grid.job(2)
    lab.go("", "Hello anna")
    page.see("Recent jobs", "the other side")
    lab.take("home")


@case
def a_file_that_is_not_a_scene_is_rejected_with_a_reason(lab):
    page = lab.page
    lab.go("jobs/new", "New job")
    page.choose_files("Choose files", os.path.join(scenes(), "text.blend"))
    page.see("text.blend:")
    lab.take("no-scene")
    notes = os.path.join(lab.grid.folder, "notes.txt")
    with open(notes, "w") as file:
        file.write("no scene")
    page.choose_files("Choose others", notes)
    page.see("There is no .blend in it")


@case
def an_upload_resumes_after_a_reload(lab):
    page = lab.page
    path = os.path.join(lab.grid.folder, "large.blend")
    with open(os.path.join(scenes(), "plain.blend"), "rb") as scene, open(path, "wb") as file:
        file.write(scene.read())
        file.write(os.urandom(10 << 20))  # Blender reads to the end mark and no further
    watch = ("window.seen = []; const real = window.fetch; window.fetch = (address, how) => {"
             "  const method = (how && how.method) || 'GET';"
             "  if (String(address).includes('/uploads')) window.seen.push(method);"
             "  return arguments[0] && method === 'PATCH' && window.seen.filter((m) => m === 'PATCH').length > 1"
             "    ? new Promise(() => {}) : real(address, how); };")
    lab.go("jobs/new", "New job")
    page.script(watch, True)  # the second part never leaves
    page.choose_files("Choose files", path)
    wait_until("two parts are sent", lambda: page.script("return window.seen.join()") == "POST,PATCH,PATCH")
    page.reload()
    page.see("An upload was cut short")
    page.script(watch, False)
    page.choose_files("Choose files", path)
    page.see("Everything is uploaded")
    assert page.script("return window.seen.join()") == "HEAD,PATCH", page.script("return window.seen.join()")


@case
def html_in_names_is_shown_as_text(lab):
    page, grid = lab.page, lab.grid
    grid.api("POST", "/api/v1/projects", {"name": SCRIPT})
    grid.api("POST", "/api/v1/tokens", {"name": SCRIPT, "scopes": ["read"]})
    grid.new_slave(SCRIPT)
    folder = os.path.join(grid.folder, "names")
    os.makedirs(folder, exist_ok=True)
    named = os.path.join(folder, SCRIPT + ".blend")
    with open(os.path.join(scenes(), "plain.blend"), "rb") as scene, open(named, "wb") as file:
        file.write(scene.read())
    job = grid.submit(named, "--frames", "1", "--name", SCRIPT, "--paused")
    for place, heading in (("projects", "Projects"), ("account", "anna"), ("slaves", "Slaves"), ("jobs", "Jobs"),
                           (f"jobs/{job}", SCRIPT), (f"jobs/new?from={job}", "Like"), ("", "Hello")):
        lab.go(place, heading)
        page.see(SCRIPT)
    lab.go("jobs/new", "New job")
    page.choose_files("Choose files", named)
    page.see("Everything is uploaded")
    assert page.script("return typeof window.hacked") == "undefined"


@case
def slaves_are_renamed_disabled_and_revoked(lab):
    page = lab.page
    lab.go("slaves", "Slaves")
    page.see("attic", "Idle")
    lab.take("slaves")
    page.press(SCRIPT)
    page.heading(SCRIPT)
    page.press("Rename")
    page.fill("Name", "cellar")
    page.press("Save")
    page.heading("cellar")
    page.press("Disable")
    page.see("This slave is disabled")
    page.press("Enable")
    page.see("has not said hello")
    page.press("Settings from here")
    page.see("remote_settings = true")
    page.press("Work that it is never offered")
    page.fill("User name", "anna")
    page.press("Block")
    page.see("Person: anna")
    lab.take("slave-lends")
    page.press("Allow again")
    page.see_not("Person: anna")
    page.press("New password")
    page.press("New password", "dialog button")
    page.see("shown this once", "slavepassword = ")
    lab.take("new-password")
    page.press("Done")
    page.press("Revoke")
    page.see("Revoke cellar for good?")
    page.press("Revoke", "dialog button")
    page.see("was revoked and may not come back")


@case
def projects_and_tokens_are_created_and_tokens_revoked(lab):
    page = lab.page
    lab.go("projects", "Projects")
    page.fill("Name", "Short film")
    page.press("Create")
    page.see("The project “Short film” is there", "0 jobs")
    lab.take("projects")
    lab.go("account", "anna")
    page.fill("What is it for?", "add-on")
    page.press("submit and change jobs")
    page.press("Make token")
    page.see("dt_")
    page.press("Done")
    lab.take("account")
    page.press("Revoke add-on")
    page.press("Revoke", "dialog button")
    page.see("“add-on” is revoked")
    lab.go("admin", "Administration")
    page.see("The server and its database answer.", "Free on the disk")
    lab.take("admin")


@case
def points_are_shown_given_and_spent_after_a_quote(lab):
    page, grid = lab.page, lab.grid
    lab.go("points", "Points")
    page.see("No points have moved")
    lab.take("points-empty")
    status, answer = grid.api("POST", "/api/v1/points/adjust", {"to": "anna", "points": 250, "reason": "a prize"},
                              headers={"Idempotency-Key": "prize"})
    assert status == 200, answer
    page.see("Corrected by anna", "a prize", "+250", "250 available")
    grid.sign_up("carla", PASSWORD)
    page.fill("To whom (name)", "carla")
    page.fill("Points", "12.5")
    page.fill("What for (both can read it)", SCRIPT)
    page.press("Give", "button.button-main")
    page.see("Give 12.5 points to carla?")
    page.press("Give", "dialog button")
    page.see("Gift to carla", "−12.5", SCRIPT)
    lab.take("points")
    page.press("Gifts and corrections")
    lab.at("kind=given")
    page.press("Ranking", ".tabs a")
    page.heading("Ranking")
    page.see("anna (you)", "250")
    lab.take("ranking")
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-50", "--paused", "--name", "dear")
    lab.go(f"jobs/{job}", "dear")
    page.press("Boost")
    page.fill("Points", "40")
    page.see("With the boost", "Spend 40 points", "237.5 available")
    lab.take("boost")
    page.press("Spend 40 points")
    page.see("40 points are on “dear”", "40 points left")
    assert grid.api("GET", "/api/v1/points")[1]["available"] == 197.5, grid.api("GET", "/api/v1/points")
    lab.go("", "Hello anna")
    page.see("197.5 available")
    lab.take("home-points")
    lab.go("admin", "Administration")
    page.press("Check the ledger")
    page.see("Every point is accounted for")


@case
def missing_pages_and_objects_are_reported(lab):
    lab.page.open(lab.base + "#/jobs/999")
    lab.page.see("You have no job 999")
    lab.take("gone")
    lab.page.open(lab.base + "#/nowhere")
    lab.page.see("There is no such page")


@case
def the_chosen_theme_is_kept(lab):
    page = lab.page
    lab.go("account", "anna")
    page.press("Dark")
    page.reload()
    page.heading("anna")
    ground = page.script("return getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(18, 21, 23)", ground
    page.press("As the system")


@case
def an_open_page_survives_a_server_restart(lab):
    page, grid = lab.page, lab.grid
    lab.go("jobs/1", "cube")
    assert grid.stop() == 0
    page.see("The server does not answer. This page tries again by itself")
    page.heading("cube")  # what was there stays
    lab.take("away")
    grid.start()
    page.see_not("The server does not answer")
    wait_until("the slave is online again", grid.slaves[0].online)


@case
def an_expired_session_opens_a_login_dialog(lab):
    page, grid = lab.page, lab.grid
    grid.sql("DELETE FROM session")
    page.see("Your session has ended", seconds=120)  # what the server tells a page is looked through once a minute
    lab.take("session-ended")
    page.heading("cube")
    page.fill("Name", "anna")
    page.fill("Password", "wrong")
    page.press("Log in", "dialog button")
    page.see("Name or password is wrong")
    page.fill("Password", PASSWORD)
    page.press("Log in", "dialog button")
    page.see_not("Your session has ended")
    assert page.address().endswith("#/jobs/1"), page.address()
    grid.token = grid.api("POST", "/api/v1/login", {"name": "anna", "password": PASSWORD}, token="")[1]["token"]


@case
def the_pages_work_below_a_path(lab):
    page = lab.page
    with below_a_prefix(lab.grid, "/render/grid/") as address:
        page.open(address + "#/jobs/1")
        page.heading("cube")  # a login is for the host, whatever the port
        page.press("Edit")
        page.fill("Name", "cube below a path")
        page.press("Save")
        page.heading("cube below a path")
        wait_until("its images are shown", lambda: page.script(
            "return [...document.querySelectorAll('.frames img')].filter((e) => e.naturalWidth > 0).length") == 4)
        page.open("about:blank")


@case
def another_user_sees_none_of_it(lab):
    page = lab.page
    lab.go("account", "anna")
    page.press("Log out")
    page.heading("Welcome")
    page.press("Make an account")
    page.fill("Name", "ben")
    page.fill("Password", PASSWORD)
    page.press("Make an account", "button.button-main")
    page.heading("ben")
    page.press("Jobs", "nav a")
    page.see("No jobs yet")
    assert "Admin" not in page.text()
    page.open(lab.base + "#/admin")
    page.see("There is no such page")
    page.open(lab.base + "#/jobs/1")
    page.see("You have no job 1")


if __name__ == "__main__":
    run_pages(lab)
