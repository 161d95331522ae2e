#!/usr/bin/env python3
"""A new user's first session in a real browser with the real renderer: an account, a PC, a scene dropped onto the page,
a boost, arriving frames, the frames as a ZIP, the preview and the video."""
import os
import re
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import need, scenes  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_fixture import fixture, run_pages  # noqa: E402

FRAMES = 12


def plays(page):
    wait_until("the video is loaded", lambda: page.script(
        "const video = document.querySelector('video'); return video !== null && video.readyState >= 2"))
    page.promise("await document.querySelector('video').play()")
    wait_until("it plays", lambda: page.script("return document.querySelector('video').currentTime > 0"))


@case
def a_new_user_signs_up(fixture):
    need("ffmpeg")
    fixture.sign_up()
    fixture.page.see("Nothing rendered yet")


@case
def a_pc_is_added_with_the_lines_on_the_page(fixture):
    page = fixture.page
    page.press("Add a PC")
    page.heading("Add a PC")
    page.fill("Name of this PC", "studio")
    page.press("Create key")
    page.see("slavepassword = ")
    settings = page.text()
    credentials = {name: re.search(rf'{name} = "(\w+)"', settings)[1] for name in ("slavekey", "slavepassword")}
    slave = fixture.grid.api("GET", "/api/v1/slaves")[1]["items"][0]
    fixture.grid.add_slave("studio", credentials={"id": slave["id"], **credentials})
    page.see("blender")
    fixture.take("scenario-pc")


@case
def a_scene_is_dropped_and_submitted_with_a_video(fixture):
    page = fixture.page
    fixture.go("jobs/new", "New job")
    fixture.drop(".drop", os.path.join(scenes(), "plain.blend"))
    page.see("Upload complete", "No problems found.")
    page.fill("Name", "the opening")
    page.fill("Frames", f"1-{FRAMES}")
    page.press("Tiles, video, variations")
    page.fill("Video", "MP4")
    page.press("Start paused")
    page.press("Test frames first")
    page.press("Boost")
    fixture.take("scenario-new-job")
    gift = {"to": "anna", "millipoints": 100000, "reason": "welcome"}
    status, answer = fixture.grid.api("POST", "/api/v1/adjustments", gift,
                                  headers={"Idempotency-Key": "welcome"})
    assert status == 201, answer
    page.press("Submit")
    page.heading("the opening")
    page.see("Paused")


@case
def the_job_is_boosted_before_it_starts(fixture):
    page, grid = fixture.page, fixture.grid
    page.see("With the boost")  # as chosen with the job
    page.fill("Points", "30")
    page.press("Spend 30 points")
    page.see("“the opening” boosted by 30 points")
    assert grid.api("GET", "/api/v1/points/balance")[1]["available_millipoints"] == 70000


@case
def frames_appear_on_the_open_page(fixture):
    page = fixture.page
    cells = "return [...document.querySelectorAll('.frames .state-finished')].map((e) => e.dataset.frame)"
    page.see(f"0 of {FRAMES}")
    assert page.script(cells) == []
    page.script("""window.counts = [];  // of one page that is never reloaded
      const look = () => {
        const count = document.querySelectorAll('.frames .state-finished').length;
        if (window.counts[window.counts.length - 1] !== count) window.counts.push(count);
      };
      new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true}); look();""")
    page.press("Resume")
    page.see(f"3 of {FRAMES}", "Test frames are ready", seconds=180)
    fixture.images(".frames", 3)
    assert page.script(cells) == ["1", "7", "12"], page.script(cells)
    seen = page.script("return window.counts")
    assert seen[0] == 0 and seen[-1] == 3 and seen == sorted(seen), seen
    fixture.take("scenario-test-frames")  # a phone shows fewer cells at a time, so counting restarts
    page.script("window.counts = []")
    page.press("Approve")
    page.see("Finished", f"{FRAMES} of {FRAMES}", seconds=180)
    fixture.images(".frames", FRAMES)
    assert page.script(cells) == [str(number) for number in range(1, FRAMES + 1)]
    seen = page.script("return window.counts")
    assert seen[-1] == FRAMES and seen == sorted(seen), seen
    fixture.take("scenario-frames")


@case
def the_frames_are_downloaded_as_a_zip(fixture):
    page, grid = fixture.page, fixture.grid
    page.chrome("Browser.setDownloadBehavior", behavior="allow", downloadPath=grid.folder)
    page.press("Download all as ZIP")
    path = os.path.join(grid.folder, "the opening.zip")
    wait_until("the ZIP is there", lambda: os.path.exists(path))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{number:04}.png" for number in range(1, FRAMES + 1)], archive.namelist()
    assert os.path.getsize(path) == grid.api("GET", "/api/v1/jobs/1/archive")[1]["size_bytes"]


@case
def preview_and_video_play(fixture):
    page = fixture.page
    page.press("Preview", ".switch button")
    plays(page)
    fixture.take("scenario-animation")
    fixture.go("jobs/2", "the opening: video")
    page.see("Finished", seconds=180)
    plays(page)
    fixture.take("scenario-video")


@case
def the_unspent_boost_is_refunded(fixture):
    grid = fixture.grid
    wait_until("the jobs are settled", lambda: grid.job(1)["escrow_millipoints"] == 0)
    left = grid.api("GET", "/api/v1/points/balance")[1]["available_millipoints"]
    assert left == 100000, left  # the owner's slave earns nothing
    fixture.go("points", "Points")
    fixture.take("scenario-points")


if __name__ == "__main__":
    run_pages(fixture)
