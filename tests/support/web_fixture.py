"""What the tests of the web pages work with: a grid, a browser, and screenshots that axe-core has looked at."""
import contextlib
import os

from browser import Browser
from grid import Grid
from programs import BUILD
from tap import case, run, wait_until

PASSWORD = "correct horse battery"
SCRIPT = "<img src=x onerror=hacked=1>"
SHOTS = os.path.join(BUILD, "screenshots")


class WebFixture:
    """A grid and a browser."""

    def __init__(self, grid, page):
        self.grid, self.page = grid, page
        self.base = f"http://127.0.0.1:{grid.http_port}/"
        self.complaints = []

    def sign_up(self, name="anna"):
        """The first account, made on the page; scripts may use it too."""
        page = self.page
        page.open(self.base)
        page.heading("A new grid")
        page.fill("Name", name)
        page.fill("Password", PASSWORD)
        page.press("Make an account", "button.button-main")
        page.heading("Hello " + name)
        status, login = self.grid.api("POST", "/api/v1/login", {"name": name, "password": PASSWORD}, token="")
        assert status == 200, login
        self.grid.token = login["token"]

    def pictures(self, where, number):
        wait_until(f"{number} pictures are shown", lambda: self.page.script(
            "return [...document.querySelectorAll(arguments[0] + ' img')].filter((e) => e.naturalWidth > 0).length",
            where) == number)

    def drop(self, where, *paths):
        """Files or folders, as by a hand from the desktop."""
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

    def hears(self):
        """Whether the server tells the page what is new."""
        return self.page.script("return document.documentElement.dataset.live === 'on'")

    def settled(self):
        """The page hears what is new, and has what it asked for."""
        wait_until("the page hears what is new", self.hears)
        wait_until("nothing is on its way", lambda: self.page.promise(
            "const count = () => performance.getEntriesByType('resource').length; const before = count();"
            "await new Promise((done) => setTimeout(done, 300)); return count() === before"))

    def at(self, part):
        wait_until(f"the address has {part}", lambda: part in self.page.address())

    def take(self, name):
        """Screenshots: light, dark, phone. In light axe-core looks for everything, in dark for contrast; nothing is
        wider than a phone."""
        page = self.page
        wait_until("no picture is on its way", lambda: not page.script(
            "return document.querySelector('.picture-coming')"))
        for kind, look in (("light", {}), ("dark", {"dark": True}), ("phone", {"width": 390, "height": 800})):
            page.look(**look)
            if kind == "phone" and not name.startswith("viewer"):  # what is fixed to the bottom lies there
                tall = page.script("return document.documentElement.scrollHeight")
                page.look(width=look["width"], height=min(max(look["height"], tall), 6000))
            page.promise("await new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)));")
            page.screenshot(os.path.join(SHOTS, f"{name}-{kind}.png"),
                            whole=not name.startswith("viewer"))
            if kind != "phone":
                found = page.violations("color-contrast" if kind == "dark" else None)
                self.complaints += [f"{name}, {kind}: {each}" for each in found]
            wide = page.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                self.complaints.append(f"{name}, {kind}: the page is {wide} pixels wider than the window")
        page.look()


@contextlib.contextmanager
def fixture(settings=None):
    os.makedirs(SHOTS, exist_ok=True)
    with Grid(settings, admin=False) as grid, Browser(grid.folder) as page:
        page.look()
        yield WebFixture(grid, page)


def evidence(made):
    with contextlib.suppress(Exception):
        made.page.screenshot(os.path.join(SHOTS, "failed.png"))
    return made.page.evidence() + made.grid.evidence()


def nothing_was_found_by_axe_core_on_any_page(made):
    assert not made.complaints, "\n".join(sorted(set(made.complaints)))


def the_console_stayed_silent(made):
    complaints = made.page.console()
    assert not complaints, "\n".join(complaints)


def run_pages(make_fixture):
    """Every case of a file, and two that look back on all of them."""
    case(nothing_was_found_by_axe_core_on_any_page)
    case(the_console_stayed_silent)
    run(make_fixture, evidence)
