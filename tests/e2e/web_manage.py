#!/usr/bin/env python3
"""The web pages in a real browser with the real daemons: slaves, projects, tokens, points, and HTML in every name."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from programs import scenes  # noqa: E402
from tap import case  # noqa: E402
from web_fixture import PASSWORD, SCRIPT, fixture_with_job, run_pages  # noqa: E402


@case
def html_in_names_is_shown_as_text(fixture):
    page, grid = fixture.page, fixture.grid
    grid.api("POST", "/api/v1/projects", {"name": SCRIPT})
    grid.api("POST", "/api/v1/tokens", {"name": SCRIPT, "scopes": ["jobs:read"]})
    grid.new_slave(SCRIPT)
    folder = os.path.join(grid.folder, "names")
    os.makedirs(folder, exist_ok=True)
    named = os.path.join(folder, SCRIPT + ".blend")
    with open(os.path.join(scenes(), "plain.blend"), "rb") as scene, open(named, "wb") as file:
        file.write(scene.read())
    job = grid.submit(named, "--frames", "1", "--name", SCRIPT, "--paused")
    for place, heading in (("projects", "Projects"), ("account", "anna"), ("slaves", "Slaves"), ("jobs", "Jobs"),
                           (f"jobs/{job}", SCRIPT), (f"jobs/new?from={job}", "Like"), ("", "Hello")):
        fixture.go(place, heading)
        page.see(SCRIPT)
    fixture.go("jobs/new", "New job")
    page.choose_files("Choose files", named)
    page.see("Upload complete")
    assert page.script("return typeof window.hacked") == "undefined"


@case
def slaves_are_renamed_disabled_and_revoked(fixture):
    page = fixture.page
    fixture.go("slaves", "Slaves")
    page.see("attic", "Idle")
    fixture.take("slaves")
    page.press(SCRIPT)
    page.heading(SCRIPT)
    page.press("Rename")
    page.fill("Name", "cellar")
    page.press("Save")
    page.heading("cellar")
    page.press("Disable")
    page.see("Disabled. It gets no work")
    page.press("Enable")
    page.see("Never connected")
    page.press("Remote settings")
    page.see("remote_settings = true")
    page.press("Blocked work")
    page.fill("User name", "anna")
    page.press("Block")
    page.see("User: anna")
    fixture.take("slave-lends")
    page.press("Unblock")
    page.see_not("User: anna")
    page.press("New password")
    page.press("New password", "dialog button")
    page.see("shown only once", "slavepassword = ")
    fixture.take("new-password")
    page.press("Done")
    page.press("Revoke")
    page.see("Revoke cellar for good?")
    page.press("Revoke", "dialog button")
    page.see("is revoked for good")


@case
def projects_and_tokens_are_created_and_tokens_revoked(fixture):
    page = fixture.page
    fixture.go("projects", "Projects")
    page.fill("Name", "Short film")
    page.press("Create")
    page.see("Project “Short film” created", "0 jobs")
    fixture.take("projects")
    fixture.go("account", "anna")
    page.fill("Purpose", "add-on")
    page.press("submit and change jobs")
    page.press("Create token")
    page.see("dt_")
    page.press("Done")
    fixture.take("account")
    page.press("Revoke add-on")
    page.press("Revoke", "dialog button")
    page.see("“add-on” revoked")
    fixture.go("admin", "Administration")
    page.see("The server and its database are available.", "Free disk space")
    fixture.take("admin")


@case
def points_are_shown_given_and_spent_after_a_quote(fixture):
    page, grid = fixture.page, fixture.grid
    fixture.go("points", "Points")
    page.see("No transactions yet")
    fixture.take("points-empty")
    status, answer = grid.api("POST", "/api/v1/adjustments", {"to": "anna", "millipoints": 250000, "reason": "a prize"},
                              headers={"Idempotency-Key": "prize"})
    assert status == 201, answer
    page.see("Correction by anna", "a prize", "+250", "250 available")
    grid.sign_up("carla", PASSWORD)
    page.fill("Recipient (user name)", "carla")
    page.fill("Points", "12.5")
    page.fill("Reason (both of you can read it)", SCRIPT)
    page.press("Give", "button.button-main")
    page.see("Give 12.5 points to carla?")
    page.press("Give", "dialog button")
    page.see("Gift to carla", "−12.5", SCRIPT)
    fixture.take("points")
    page.press("Gifts and corrections")
    fixture.at("kind=given")
    page.press("Ranking", ".tabs a")
    page.heading("Ranking")
    page.see("anna (you)", "250")
    fixture.take("ranking")
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-50", "--paused", "--name", "dear")
    fixture.go(f"jobs/{job}", "dear")
    page.press("Boost")
    page.fill("Points", "40")
    page.see("With the boost", "Spend 40 points", "237.5 available")
    fixture.take("boost")
    page.press("Spend 40 points")
    page.see("“dear” boosted by 40 points", "40 points left")
    balance = grid.api("GET", "/api/v1/points/balance")[1]
    assert balance["available_millipoints"] == 197500, balance
    fixture.go("", "Hello anna")
    page.see("197.5 available")
    fixture.take("home-points")
    fixture.go("admin", "Administration")
    page.press("Verify ledger")
    page.see("The ledger is consistent")


if __name__ == "__main__":
    run_pages(fixture_with_job)
