#!/usr/bin/env python3
"""The web pages in a real browser, with 5,000 jobs and 1,000,000 frames: first sight, weight, scrolling; how soon a
finished frame is on the page; and what a thousand open pages cost the server."""
import gzip
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from bench import cpu_seconds, report  # noqa: E402
from browser import Browser  # noqa: E402
from grid import Grid  # noqa: E402
from many_pages import Pages  # noqa: E402
from programs import BUILD, scenes  # noqa: E402
from tap import wait_until  # noqa: E402

ROUNDS = int(os.environ.get("ROUNDS", "5"))
JOBS, EACH, LARGE = 4998, 198, 10000  # and one job of LARGE frames: 999,604 in all
FRAMES = 24  # that are watched as they come
PAGES, PEOPLE, WATCHED = 1000, 50, 20
BASE = 100000000  # numbers of the tasks that are only written down
FIRST_PAGE = ("index.html", "app.js", "app.css", "icon.svg")
# Notes when the page first shows what is asked for, in milliseconds since the navigation began.
WATCH = """
const look = () => {
  const wanted = sessionStorage.getItem('bench');
  if (wanted && document.querySelectorAll(wanted).length > 0) window.shown = performance.now();
  else requestAnimationFrame(look);
};
look();
"""
SCROLL = """
const gaps = []; let last = performance.now(); let step = 0;
window.scrollTo(0, 0);
await new Promise((done) => {
  const tick = (now) => {
    gaps.push(now - last); last = now; step += 1;
    window.scrollBy(0, 240);
    if (step < 180) requestAnimationFrame(tick); else done();
  };
  requestAnimationFrame(tick);
});
gaps.splice(0, 2);
return gaps;
"""


def fill(grid):
    """Finished jobs by the thousand, as rows: no slave could render them in a lifetime of a benchmark."""
    with open(os.path.join(scenes(), "plain.blend"), "rb") as file:
        status, job = grid.post_job({"plain.blend": file.read()}, frames="1", paused=True)
    assert status == 201, job
    columns = "project_id, method_id, main_file, parameters, output, min_version, warnings, priority"

    def jobs(count, each, name, base, state):
        grid.sql(f"INSERT INTO job (user_id, name, state, {columns}, first_task_id, task_count, accepted_count, "
                 f"created_at, finished_at) SELECT user_id, {name}, '{state}', {columns}, {base} + (s.seq - 1) * {each}, {each}, 0, "
                 f"created_at, created_at FROM job JOIN seq_1_to_{count} s WHERE id = {job['id']}")
    jobs(JOBS, EACH, "CONCAT('shot ', s.seq)", BASE, "finished")
    jobs(1, LARGE, "'the long one'", BASE + JOBS * EACH, "cancelled")
    for state, each in (("finished", EACH), ("cancelled", LARGE)):
        grid.sql("INSERT INTO task (id, job_id, frame, state) SELECT j.first_task_id + s.seq - 1, j.id, s.seq, "
                 "ELT(1 + s.seq % 3, 'failed', 'cancelled', 'ready') "
                 f"FROM job j JOIN seq_1_to_{each} s WHERE j.first_task_id >= {BASE} AND j.state = '{state}'")
    return int(grid.sql("SELECT id FROM job WHERE name = 'the long one'")[0][0])


def first_sight(page, base, place, selector):
    """Median and slowest of a few loads of the whole page, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        page.open("about:blank")
        page.open(base)
        page.script("sessionStorage.setItem('bench', arguments[0])", selector)
        page.open("about:blank")
        page.open(base + "#/" + place)
        times.append(wait_until(f"{selector} is shown", lambda: page.script("return window.shown || null"), 120))
    return round(statistics.median(times)), round(max(times))


# When each cell of the frames becomes a finished one, by the clock of the page.
SEEN = """
window.seen = {};
const look = () => document.querySelectorAll('.frames .state-finished[data-frame]').forEach((cell) => {
  window.seen[cell.dataset.frame] ??= Date.now();
});
new MutationObserver(look).observe(document.querySelector('main'),
  {subtree: true, childList: true, attributes: true, attributeFilter: ['class']});
look();
"""


def frame_to_page(grid, page, base):
    """From the commit of a frame to its image on the page, in milliseconds: median and the slowest."""
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", f"1-{FRAMES}", "--name", "live", "--paused")
    page.open(f"{base}#/jobs/{job}")
    page.heading("live")
    wait_until("its frames are there", lambda: page.script("return document.querySelector('.frames button') !== null"))
    page.script(SEEN)
    grid.api("POST", f"/api/v1/jobs/{job}/resume")
    seen = wait_until("all frames are seen", lambda: page.script(
        f"return Object.keys(window.seen).length === {FRAMES} ? window.seen : null"), 300)
    rows = grid.sql("SELECT t.frame, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', a.ended_at) DIV 1000 FROM task t "
                    f"JOIN attempt a ON a.task_id = t.id AND a.id = t.attempt_id WHERE t.job_id = {job}")
    waits = sorted(seen[frame] - int(at) for frame, at in rows)
    return statistics.median(waits), waits[-1]


def thousand_pages(grid):
    """What 1,000 open pages of 50 people cost server and database while the grid renders, in percent of a core."""
    pids = [grid.child.pid, grid.database_pid()]
    tokens = [grid.token] + [grid.sign_up(f"p{number}") for number in range(PEOPLE - 1)]
    job = grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-100000", "--name", "on and on")

    def spent():
        return sum(cpu_seconds(pid) for pid in pids)

    def percent(seconds):
        before, began = spent(), time.monotonic()
        time.sleep(seconds)
        return 100 * (spent() - before) / (time.monotonic() - began)
    grid.wait_frames(job, 5)
    alone = percent(WATCHED)
    with Pages(grid.http_port, tokens, PAGES // PEOPLE) as pages:
        wait_until("all pages hear", lambda: pages.open == PAGES or pages.failed)
        assert not pages.failed, pages.failed[0]
        heard, asked = pages.heard, pages.asked
        together = percent(WATCHED)
        heard, asked = (pages.heard - heard) / WATCHED, (pages.asked - asked) / WATCHED
        assert not pages.failed, pages.failed[0]
    grid.api("POST", f"/api/v1/jobs/{job}/cancel")
    return max(0, together - alone), heard, asked


def main():
    with Grid({"limits.event_streams_per_user": PAGES}) as grid, Browser(grid.folder) as page:
        large = fill(grid)
        page.look()
        page.chrome("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        base = f"http://127.0.0.1:{grid.http_port}/"
        page.open(base)
        page.fill("Name", "admin")
        page.fill("Password", "correct horse battery")
        page.press("Log in", "button.button-main")
        page.heading("Hello admin")
        home, home_max = first_sight(page, base, "", ".recent-job")
        table, table_max = first_sight(page, base, "jobs", "tbody .row-link")
        job, job_max = first_sight(page, base, f"jobs/{large}", ".job-facts .fact")
        frames, frames_max = first_sight(page, base, f"jobs/{large}", ".frames button")
        gaps = sorted(page.promise(SCROLL))
        grid.add_slave("attic")
        soon, latest = frame_to_page(grid, page, base)
        page.open("about:blank")
        cost, heard, asked = thousand_pages(grid)
        weight = 0
        for name in FIRST_PAGE:
            with open(os.path.join(BUILD, "htdocs", "dist", name), "rb") as file:
                weight += len(gzip.compress(file.read(), 9))
    figures = {"home_ms": home, "home_max_ms": home_max, "jobs_ms": table, "jobs_max_ms": table_max, "job_ms": job,
               "job_max_ms": job_max, "job_frames_ms": frames, "job_frames_max_ms": frames_max,
               "scroll_median_ms": round(statistics.median(gaps), 1),
               "scroll_p99_ms": round(gaps[int(len(gaps) * 0.99)], 1),
               "first_page_gzip_kib": round(weight / 1024, 1), "frame_to_page_ms": round(soon),
               "frame_to_page_max_ms": round(latest), "sse_1000_core_percent": round(cost, 1)}
    report(f"web pages, {JOBS + 2:,} jobs, {JOBS * EACH + LARGE + 1:,} frames, median of {ROUNDS}",
           [("home, from the address to recent jobs", figures["home_ms"], "ms"),
            (f"... the slowest of {ROUNDS}", figures["home_max_ms"], "ms"),
            ("table of 5,000 jobs", figures["jobs_ms"], "ms"),
            (f"... the slowest of {ROUNDS}", figures["jobs_max_ms"], "ms"),
            ("job of 10,000 frames, what it is", figures["job_ms"], "ms"),
            (f"... the slowest of {ROUNDS}", figures["job_max_ms"], "ms"),
            ("job of 10,000 frames, all of them", figures["job_frames_ms"], "ms"),
            (f"... the slowest of {ROUNDS}", figures["job_frames_max_ms"], "ms"),
            ("scrolling them, one screenshot, median", figures["scroll_median_ms"], "ms"),
            ("... the slowest of a hundred", figures["scroll_p99_ms"], "ms"),
            ("first page, compressed", figures["first_page_gzip_kib"], "KiB"),
            ("a finished frame on the page, from its commit, median", figures["frame_to_page_ms"], "ms"),
            (f"... the slowest of {FRAMES}", figures["frame_to_page_max_ms"], "ms"),
            (f"{PAGES:,} open pages, {heard:.0f} events and {asked:.0f} questions a second",
             figures["sse_1000_core_percent"], "% of a core")], figures)


if __name__ == "__main__":
    main()
