#!/usr/bin/env python3
"""Open pages that receive events: without polling, in two windows at once, across a server restart and an expired
login."""
import contextlib
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import scenes  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_fixture import PASSWORD, fixture, run_pages  # noqa: E402

SCENE = os.path.join(scenes(), "plain.blend")
# From here on no request for jobs, frames or slaves is answered, so that the page shows only what events contain.
# Requests are recorded.
BLOCK_REQUESTS = """
window.asked = [];
const real = window.fetch;
window.fetch = (address, how) => {
  const method = (how && how.method) || 'GET';
  if (method !== 'GET' || !/api.v1.(jobs|slaves|status)/.test(String(address))) return real(address, how);
  window.asked.push(String(address));
  return new Promise(() => {});
};
"""


@contextlib.contextmanager
def fixture_of_anna():
    with fixture() as made:
        made.sign_up()
        yield made


@case
def finished_frames_appear_on_the_job_page_without_polling(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1-4", "--name", "told")
    fixture.go(f"jobs/{job}", "told")
    page.see("0 of 4", "Waiting")
    fixture.settled()
    page.script(BLOCK_REQUESTS)
    grid.add_slave("attic")
    page.see("4 of 4", seconds=120)
    wait_until("four images are shown", lambda: page.script(
        "return [...document.querySelectorAll('.frames img')].filter((e) => e.naturalWidth > 0).length") == 4)
    wait_until("the finished job is requested once", lambda: any(
        each.endswith(f"/jobs/{job}") for each in page.script("return window.asked")))
    page.reload()
    page.heading("told")
    page.see("Finished")


@case
def changes_in_one_window_appear_in_the_other(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1-3", "--name", "twice", "--paused")
    fixture.go("jobs", "Jobs")
    page.see("twice")
    fixture.settled()
    page.script(BLOCK_REQUESTS)
    first = page.do("GET", "/window")
    second = page.do("POST", "/window/new", {"type": "window"})["handle"]
    page.do("POST", "/window", {"handle": second})
    fixture.go(f"jobs/{job}", "twice")
    page.press("Edit")
    page.fill("Name", "thrice")
    page.press("Save")
    page.heading("thrice")
    page.do("POST", "/window", {"handle": first})
    page.see("thrice")
    page.do("POST", "/window", {"handle": second})
    page.press("Cancel", "main button")
    page.press("Cancel", "dialog button")
    page.see("Cancelled")
    page.press("Delete", "main button")
    page.press("Delete", "dialog button")
    page.heading("Jobs")
    page.do("DELETE", "/window")
    page.do("POST", "/window", {"handle": first})
    page.see_not("thrice")
    alone = page.script("return window.asked.filter((each) => !each.includes('?'))")
    assert not alone, alone
    page.reload()


def sends_no_requests(page, seconds):
    """A page that receives events requests at most once more after connecting, and then nothing by itself."""
    page.script("window.asks = []; const real = window.fetch; window.fetch = (address, how) => {"
                " window.asks.push(String(address)); return real(address, how); };")
    time.sleep(seconds)
    page.script("window.asks = []")
    time.sleep(seconds)
    asked = page.script("return window.asks")
    assert not asked, asked


@case
def pages_of_a_project_and_its_shots_receive_events(fixture):
    page, grid = fixture.page, fixture.grid
    assert grid.api("POST", "/api/v1/projects", {"name": "Short film"})[0] == 201
    options = ("--project", "Short film", "--shot", "SQ010/SH010", "--paused")
    job = grid.submit(SCENE, "--frames", "1-4", "--name", "street", *options)
    fixture.go("projects/1", "Short film")
    page.see("SH010", "0 of 4 frames")
    fixture.settled()
    sends_no_requests(page, 6)
    grid.cli("resume", str(job))
    page.see("In review", seconds=120)
    fixture.images(".shots", 1)
    grid.cli("shot", "set", "Short film", "SQ010/SH010", "done")
    wait_until("its state arrives as an event", lambda: page.script(
        "return document.querySelector('a.shot .badge').innerText") == "Done")
    page.press("SH010", "a.shot")
    page.heading("SQ010 / SH010")
    fixture.settled()
    sends_no_requests(page, 4)
    second = grid.submit(SCENE, "--frames", "1-2", "--name", "crowd", *options)
    page.see("crowd", "In progress")
    grid.cli("resume", str(second))
    page.see("2 of 2 frames", "In review", seconds=120)
    grid.cli("job", "edit", str(second), "--no-shot")
    page.see_not("crowd")
    fixture.go("projects", "Projects")
    page.see("Short film", "2 jobs")
    fixture.settled()
    assert grid.api("POST", "/api/v1/projects", {"name": "Long film"})[0] == 201
    page.see("Long film")


@case
def the_newest_of_many_jobs_are_shown_before_all_are_loaded(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1", "--name", "model", "--paused")
    columns = "project_id, method_id, main_file, parameters, output, min_version, warnings, priority"
    grid.sql(f"INSERT INTO job (user_id, name, state, {columns}, first_task_id, task_count, accepted_count, created_at, finished_at) "
             f"SELECT user_id, CONCAT('many ', s.seq), 'finished', {columns}, 100000000 + s.seq, 1, 0, created_at, created_at "
             f"FROM job JOIN seq_1_to_150 s WHERE id = {job}")
    script = page.chrome("Page.addScriptToEvaluateOnNewDocument", source="""
      const real = window.fetch; const go = new Promise((done) => { window.rest = done; });
      window.fetch = (address, how) => /jobs[?].*cursor=/.test(String(address)) ? go.then(() => real(address, how))
        : real(address, how);""")["identifier"]
    fixture.go("jobs", "Jobs")
    page.reload()
    page.heading("Jobs")
    rows = "return document.querySelectorAll('tbody .row-link').length"
    wait_until("there are rows", lambda: page.script(rows) > 10)
    assert "All …" in " ".join(page.script("return document.querySelector('.filters .switch').innerText").split())
    page.press("Cancelled", ".filters button")
    page.see("Loading …")
    page.script("window.rest()")
    wait_until("all are counted", lambda: "…" not in page.script("return document.querySelector('.filters').innerText"))
    page.see_not("Loading …")
    page.press("Finished", ".filters button")
    wait_until("there are rows", lambda: page.script(rows) > 10)
    page.chrome("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    page.reload()


@case
def a_hidden_page_closes_its_stream_and_updates_when_visible(fixture):
    page, grid = fixture.page, fixture.grid
    fixture.go("jobs", "Jobs")
    fixture.settled()
    page.script("Object.defineProperty(document, 'hidden', {get: () => window.concealed, configurable: true});"
                "window.concealed = true; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until("the stream is closed", lambda: not fixture.is_live())
    grid.submit(SCENE, "--frames", "1", "--name", "meanwhile", "--paused")
    page.script("window.concealed = false; document.dispatchEvent(new Event('visibilitychange'))")
    page.see("meanwhile")
    fixture.settled()


@case
def closed_pages_keep_no_connection(fixture):
    job = fixture.grid.submit(SCENE, "--frames", "1", "--name", "left", "--paused")
    for place, heading in 6 * [("", "Hello anna"), ("jobs", "Jobs"), (f"jobs/{job}", "left")]:
        fixture.page.open(fixture.base + "#/" + place)  # and left again: a browser keeps such a page for a minute
        fixture.page.heading(heading)
        queued = fixture.page.script("const [n] = performance.getEntriesByType('navigation');"
                                 "return n.requestStart - n.fetchStart")
        assert queued < 20000, f"{heading} waited {queued} ms for one of the six connections to be free"
        fixture.page.open("about:blank")


@case
def a_page_reconnects_after_a_server_restart(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1", "--name", "before", "--paused")
    fixture.go(f"jobs/{job}", "before")
    fixture.settled()
    page.script("window.same = true")
    assert grid.stop() == 0
    page.see("Can’t reach the server")
    grid.start()
    page.see_not("Can’t reach the server")
    fixture.settled()
    grid.api("PATCH", f"/api/v1/jobs/{job}", {"name": "after"})
    page.heading("after")
    assert page.script("return window.same"), "the page was reloaded"


@case
def an_expired_login_is_renewed_on_the_open_page(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1", "--name", "asleep", "--paused")
    fixture.go(f"jobs/{job}", "asleep")
    fixture.settled()
    page.script("window.same = true")
    # The same login, ended by another window of this browser.
    page.promise("const me = await (await fetch('api/v1/sessions/current')).json();"
                 "await fetch('api/v1/sessions/current', {method: 'DELETE', headers: {'X-CSRF-Token': me.csrf}})")
    page.see("Your session has ended")
    page.fill("Name", "anna")
    page.fill("Password", PASSWORD)
    page.press("Log in", "dialog button")
    page.see_not("Your session has ended")
    fixture.settled()
    grid.api("PATCH", f"/api/v1/jobs/{job}", {"name": "awake"})
    page.heading("awake")
    assert page.script("return window.same"), "the page was reloaded"


@case
def without_a_stream_the_page_polls(fixture):
    page, grid = fixture.page, fixture.grid
    grid.settings["limits.event_streams"] = 0
    grid.write_config()
    grid.restart()
    job = grid.submit(SCENE, "--frames", "1", "--name", "quiet", "--paused")
    fixture.go(f"jobs/{job}", "quiet")
    assert not fixture.is_live()
    grid.api("PATCH", f"/api/v1/jobs/{job}", {"name": "asked"})
    page.heading("asked")
    page.see_not("Can’t reach the server")


@case
def test_frames_are_rendered_first_and_the_rest_after_approval(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1-9", "--name", "careful", "--test-first")
    fixture.go(f"jobs/{job}", "careful")
    page.see("3 of 9", "Test frames are ready")
    done = [task["frame"] for task in grid.tasks(job) if task["state"] == "finished"]
    assert done == [1, 5, 9], done
    assert grid.api("GET", f"/api/v1/jobs/{job}/explain")[1]["rule"] == "waits_for_approval"
    page.press("Approve")
    page.see("9 of 9", "Finished", seconds=120)
    page.see_not("Test frames are ready")
    other = grid.submit(SCENE, "--frames", "1-9", "--name", "also careful", "--test-first")
    wait_until("it waits", lambda: grid.job(other)["approval"] == "waiting")
    grid.restart()
    assert grid.job(other)["approval"] == "waiting" and grid.job(other)["tasks"]["finished"] == 3, grid.job(other)
    grid.cli("approve", other, check=0)
    assert grid.wait(other)["state"] == "finished"


@case
def the_viewer_re_renders_a_frame_and_shows_its_log(fixture):
    page, grid = fixture.page, fixture.grid
    job = grid.submit(SCENE, "--frames", "1-2", "--name", "again")
    grid.wait(job)
    before = grid.tasks(job)
    fixture.go(f"jobs/{job}?frame=2", "again")
    page.press("Re-render")
    page.see("Re-render frame 2?")
    page.press("Re-render", "dialog button")
    wait_until("frame 2 was rendered again", lambda: grid.sql(
        f"SELECT COUNT(*) FROM attempt WHERE task_id = {before[1]['id']} AND outcome = 'accepted'") == [["2"]])
    assert grid.wait(job)["state"] == "finished"
    assert grid.sql(f"SELECT COUNT(*) FROM attempt WHERE task_id = {before[0]['id']}") == [["1"]]
    page.key("l")
    page.see("Logs of finished frames are not kept.")
    page.key("Escape")
    page.press("Re-render all")
    page.see("2 finished images")
    page.press("Re-render all", "dialog button")
    wait_until("all were rendered again", lambda: grid.sql(
        f"SELECT COUNT(*) FROM attempt a JOIN task t ON t.id = a.task_id WHERE t.job_id = {job}") == [["5"]])
    assert grid.wait(job)["state"] == "finished"
    slow = grid.submit(os.path.join(scenes(), "slow.blend"), "--frames", "1", "--samples", "4000", "--name", "slow")
    fixture.go(f"jobs/{slow}?frame=1", "slow")
    page.see("Log", "live", seconds=120)
    wait_until("the log has content", lambda: page.script(
        "return (document.querySelector('.viewer-log pre')?.innerText || '').length > 0"))
    violations = page.violations()
    assert not violations, violations
    page.screenshot(os.path.join(grid.folder, "log.png"), whole=False)
    page.key("l")
    page.key("Escape")
    grid.api("POST", f"/api/v1/jobs/{slow}/cancel")


if __name__ == "__main__":
    run_pages(fixture_of_anna)
