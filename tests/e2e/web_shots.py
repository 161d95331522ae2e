#!/usr/bin/env python3
"""Projects, sequences and shots on the pages and on the command line, with the real renderer."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import scenes  # noqa: E402
from tap import case, wait_until  # noqa: E402
from web_fixture import SCRIPT, fixture, run_pages  # noqa: E402


def plain():
    return os.path.join(scenes(), "plain.blend")


@case
def a_shot_is_created_in_an_empty_project(fixture):
    page = fixture.page
    fixture.sign_up()
    fixture.go("projects", "Projects")
    page.fill("Name", "Short film")
    page.press("Create")
    page.press("Short film")
    page.heading("Short film")
    page.see("No shots yet")
    fixture.take("project-empty")
    page.press("New shot")
    page.fill("Sequence", "SQ010")
    page.fill("Shot", "SH010")
    fixture.take("new-shot")
    page.press("Create shot")
    page.heading("SQ010 / SH010")
    page.see("Waiting", "No jobs yet")
    fixture.take("shot-empty")


@case
def a_job_is_submitted_for_a_shot_on_the_page(fixture):
    page = fixture.page
    page.press("New job")
    page.heading("New job")
    page.choose_files("Choose files", plain())
    page.see("Upload complete", "No problems found.")
    wait_until("the shot is filled in", lambda: page.script(
        "return [...document.querySelectorAll('input')].some((e) => e.value === 'SQ010/SH010')"))
    page.fill("Shot", "nonsense")
    page.see("Use a name like SQ010/SH020.")
    page.fill("Shot", "SQ010/SH010")
    page.fill("Name", "animatic")
    page.fill("Frames", "1-6")
    page.press("Submit")
    page.heading("animatic")
    page.see("SQ010/SH010")
    page.press("SQ010/SH010")
    page.heading("SQ010 / SH010")
    page.see("In progress", "animatic")


@case
def the_shot_shows_frames_and_preview_of_its_job(fixture):
    page = fixture.page
    fixture.grid.add_slave("attic")
    page.see("In review", "6 of 6", seconds=180)
    fixture.images(".job-look", 1)
    fixture.take("shot")
    page.press("Preview", ".switch button")
    wait_until("the video is loaded", lambda: page.script(
        "const video = document.querySelector('video'); return video !== null && video.readyState >= 2"))
    page.promise("await document.querySelector('video').play()")
    wait_until("it plays", lambda: page.script("return document.querySelector('video').currentTime > 0"))


@case
def the_command_line_submits_to_shots_and_lists_them(fixture):
    grid = fixture.grid
    grid.wait(grid.submit(plain(), "--frames", "3", "--name", "street", "--project", "Short film", "--shot", "SQ020/SH010"))
    grid.submit(plain(), "--frames", "1-9", "--name", "crowd", "--project", "Short film", "--shot", "SQ020/SH020", "--paused")
    listed = grid.cli("shots", "Short film").stdout
    assert "SQ010/SH010  review" in listed and "SQ020/SH020  work" in listed, listed
    printed = grid.cli("shots", "Short film", "SQ020/SH010", "done").stdout
    assert printed == "Shot SQ020/SH010: done.\n", printed
    lost = grid.cli("shots", "Short film", "SQ020/SH990", "done", check=4)
    assert "no shot 'SQ020/SH990'" in lost.stderr, lost.stderr


@case
def all_shots_are_listed_and_marked_done(fixture):
    page = fixture.page
    page.press("Short film", ".crumbs a")
    page.heading("Short film")
    page.see("SQ010", "SQ020", "3 shots in 2 sequences", "In progress", "Done", "In review")
    fixture.images(".shots", 2)
    fixture.take("project")
    page.press("In review", ".filters button")
    fixture.at("state=review")
    page.see_not("SQ020")
    page.press("SH010", "a.shot")
    page.heading("SQ010 / SH010")
    page.press("Done", ".shot-state button")
    page.see("Set manually")
    page.press("Set automatically")
    page.see("Set by its jobs")


@case
def a_job_is_moved_to_another_shot_on_its_page(fixture):
    page = fixture.page
    shot = page.address()
    page.press("animatic")
    page.heading("animatic")
    page.press("Move to another shot")
    fixture.take("move-job")
    page.fill("Shot", "SQ020/SH010")
    page.press("Move", "dialog button")
    page.see("animatic moved to SQ020/SH010")
    page.press("Move to another shot")
    page.fill("Shot", "New shot…")
    page.fill("Name", "nonsense")
    page.see("Use a name like SQ010/SH020.")
    page.fill("Name", "SQ040/SH010")
    page.press("Move", "dialog button")
    page.see("animatic moved to SQ040/SH010")
    moved = fixture.grid.cli("job", "edit", "1", "--no-shot", "--json").stdout
    assert '"shot": null' in moved, moved
    wait_until("the page receives the change", lambda: page.script(
        "return [...document.querySelectorAll('.fact')].some((e) => /^Shot\\s+None/.test(e.innerText))"))
    fixture.grid.cli("job", "edit", "1", "--shot", "SQ010/SH010")
    page.press("SQ010/SH010")
    page.heading("SQ010 / SH010")
    page.see("animatic", "In review")
    assert page.address() == shot


@case
def a_shot_is_renamed_and_deleted_and_its_jobs_stay(fixture):
    page = fixture.page
    page.press("Edit")
    page.fill("Sequence", "SQ030")
    page.fill("Shot", SCRIPT)
    page.press("Save")
    page.heading("SQ030 / " + SCRIPT)
    page.press("Delete")
    page.see("Its job is kept.")
    page.press("Delete", "dialog button")
    page.heading("Short film")
    page.see_not("SQ030")
    fixture.go("jobs/1", "animatic")
    page.see_not("SQ010/SH010")
    assert page.script("return typeof window.hacked") == "undefined"


@case
def other_users_see_neither_project_nor_shot(fixture):
    fixture.grid.sign_up("ben", "correct horse battery")
    status, login = fixture.grid.api("POST", "/api/v1/sessions", {"name": "ben", "password": "correct horse battery"}, token="")
    assert status == 201
    for path in ("projects/1", "projects/1/shots", "shots/2", "shots/2/jobs"):
        assert fixture.grid.api("GET", "/api/v1/" + path, token=login["token"])[0] == 404, path


if __name__ == "__main__":
    run_pages(fixture)
