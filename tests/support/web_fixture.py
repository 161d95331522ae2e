"""Fixture of the tests of the web pages: a grid, a browser, and screenshots checked by axe-core."""
import contextlib
import os

from browser import Browser
from grid import Grid
from programs import BUILD, scenes
from tap import case, run, wait_until

PASSWORD = "correct horse battery"
SCRIPT = "<img src=x onerror=hacked=1>"
SHOTS = os.path.join(BUILD, "screenshots")


class WebFixture:
    """A grid and a browser."""

    def __init__(self, grid, page):
        self.grid, self.page = grid, page
        self.base = f"http://127.0.0.1:{grid.http_port}/"
        self.problems = []

    def sign_up(self, name="anna"):
        """Creates the first account on the page; self.grid uses its token, too."""
        page = self.page
        page.open(self.base)
        page.heading("A new grid")
        page.fill("Name", name)
        page.fill("Password", PASSWORD)
        page.press("Create account", "button.button-main")
        page.heading("Hello " + name)
        status, login = self.grid.api("POST", "/api/v1/sessions", {"name": name, "password": PASSWORD}, token="")
        assert status == 201, login
        self.grid.token = login["token"]

    def images(self, where, number):
        wait_until(f"{number} images are shown", lambda: self.page.script(
            "return [...document.querySelectorAll(arguments[0] + ' img')].filter((e) => e.naturalWidth > 0).length",
            where) == number)

    def drop(self, where, *paths):
        """Drops files or folders as from the desktop."""
        x, y = self.page.script("const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                                "return [b.x + b.width / 2, b.y + b.height / 2]", where)
        data = {"items": [], "files": list(paths), "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            self.page.chrome("Input.dispatchDragEvent", type=kind, x=x, y=y, data=data)

    def go(self, place, heading):
        target = self.base + "#/" + place
        if self.page.address() == target:
            self.page.reload()
        self.page.open(target)
        self.page.heading(heading)

    def is_live(self):
        """Whether the page receives events."""
        return self.page.script("return document.documentElement.dataset.live === 'on'")

    def settled(self):
        """Waits until the page receives events and no request is pending."""
        wait_until("the page receives events", self.is_live)
        wait_until("no request is pending", lambda: self.page.promise(
            "const count = () => performance.getEntriesByType('resource').length; const before = count();"
            "await new Promise((done) => setTimeout(done, 300)); return count() === before"))

    def at(self, part):
        wait_until(f"the address has {part}", lambda: part in self.page.address())

    def take(self, name):
        """Screenshots: light, dark, phone. axe-core checks everything in light, contrast in dark; nothing may
        be wider than a phone."""
        page = self.page
        wait_until("no image is loading", lambda: not page.script(
            "return document.querySelector('.image-loading')"))
        for kind, look in (("light", {}), ("dark", {"dark": True}), ("phone", {"width": 390, "height": 800})):
            page.look(**look)
            if kind == "phone" and not name.startswith("viewer"):  # it is fixed to the bottom
                tall = page.script("return document.documentElement.scrollHeight")
                page.look(width=look["width"], height=min(max(look["height"], tall), 6000))
            page.promise("await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));")
            page.screenshot(os.path.join(SHOTS, f"{name}-{kind}.png"),
                            whole=not name.startswith("viewer"))
            if kind != "phone":
                found = page.violations("color-contrast" if kind == "dark" else None)
                self.problems += [f"{name}, {kind}: {each}" for each in found]
            wide = page.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.problems.append(f"{name}, {kind}: the page is {wide} pixels wider than the window")
        page.look()


@contextlib.contextmanager
def fixture(settings=None):
    os.makedirs(SHOTS, exist_ok=True)
    with Grid(settings, admin=False) as grid, Browser(grid.folder) as page:
        page.look()
        yield WebFixture(grid, page)


@contextlib.contextmanager
def fixture_with_job():
    """A fixture after sign-up, with a slave "attic" and the finished job 1, "cube", of four frames."""
    with fixture() as made:
        made.sign_up()
        made.grid.add_slave("attic")
        job = made.grid.submit(os.path.join(scenes(), "plain.blend"), "--frames", "1-4", "--name", "cube")
        assert made.grid.wait(job)["state"] == "finished", made.grid.job(job)
        yield made


def evidence(made):
    with contextlib.suppress(Exception):
        made.page.screenshot(os.path.join(SHOTS, "failed.png"))
    return made.page.evidence() + made.grid.evidence()


def axe_core_finds_no_violation(made):
    assert not made.problems, "\n".join(sorted(set(made.problems)))


def the_browser_console_shows_no_error(made):
    problems = made.page.console()
    assert not problems, "\n".join(problems)


def run_pages(make_fixture):
    """Runs every case of a file, then two that check all pages."""
    case(axe_core_finds_no_violation)
    case(the_browser_console_shows_no_error)
    run(make_fixture, evidence)
