"""A real browser for tests: Debian's chromium, driven by W3C WebDriver over HTTP.

    with Browser(folder) as page:
        page.open("http://127.0.0.1:8080/")
        page.fill("Name", "anna"); page.press("Log in"); page.see("Hello anna")

Every query waits until its subject exists; the limit only ends a hopeless wait. Texts are those visible to a reader.
"""
import base64
import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.request

from programs import SOURCE, free_ports, need, tail
from tap import wait_until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"ArrowLeft": "\ue012", "ArrowUp": "\ue013", "ArrowRight": "\ue014", "ArrowDown": "\ue015", "Home": "\ue011",
        "End": "\ue010", "Escape": "\ue00c", "Enter": "\ue007", "Space": " ", "Tab": "\ue004"}
# Finds a visible control by its accessible name: label, text or title.
FIND = """
const [kinds, name] = arguments;
const named = (e) => [e.getAttribute('aria-label'), e.labels && e.labels[0] && e.labels[0].innerText, e.innerText,
                      e.title].filter(Boolean).map((t) => t.replace(/\\s+/g, ' ').trim());
const top = [...document.querySelectorAll('dialog[open]')].pop() || document;
const all = [...top.querySelectorAll(kinds)].filter((e) => e.getClientRects().length > 0 && !e.disabled);
return all.find((e) => named(e).includes(name)) || all.find((e) => named(e).some((t) => t.startsWith(name))) || null;
"""


class WebDriverError(Exception):
    pass


class Browser:
    def __init__(self, folder, width=1280, height=860):
        need("chromium")
        need("chromedriver")
        self.folder, self.size = folder, (width, height)
        self.log = os.path.join(folder, "chromedriver.log")
        self.driver = self.session = None

    def __enter__(self):
        port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{port}"
        home = os.path.join(self.folder, "browser")
        os.makedirs(home, exist_ok=True)
        with open(self.log, "ab") as log:
            self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdin=subprocess.DEVNULL, stdout=log,
                                           stderr=subprocess.STDOUT, env={**os.environ, "HOME": home})
        try:
            wait_until("the browser's driver starts", self.ready, 60)
            arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--hide-scrollbars", "--force-color-profile=srgb", "--lang=en-GB",
                         f"--user-data-dir={home}/profile", f"--window-size={self.size[0]},{self.size[1]}"]
            if os.getuid() == 0:
                arguments.append("--no-sandbox")  # chromium does not run as root otherwise
            answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "acceptInsecureCerts": True, "unhandledPromptBehavior": "accept",
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"args": arguments, "prefs": {
                    "download.default_directory": self.folder, "intl.accept_languages": "en-GB"}}}}})
            self.session = "/session/" + answer["sessionId"]
            return self
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.session:
            with contextlib.suppress(WebDriverError, OSError):
                self.call("DELETE", self.session)
        if self.driver:
            self.driver.terminate()
            self.driver.wait()
        self.session = self.driver = None

    def ready(self):
        with contextlib.suppress(OSError):
            return self.call("GET", "/status")["ready"]
        return False

    def call(self, method, path, body=None):
        data = None if method in ("GET", "DELETE") else json.dumps(body or {}).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            with error:
                value = json.load(error)["value"]
            raise WebDriverError(f"{value['error']}: {value['message'].splitlines()[0]}") from None

    def do(self, method, path, body=None):
        return self.call(method, self.session + path, body)

    # --- navigation -------------------------------------------------------------------------------------------------
    def open(self, address):
        self.do("POST", "/url", {"url": address})

    def reload(self):
        self.do("POST", "/refresh")

    def address(self):
        return self.do("GET", "/url")

    def chrome(self, command, **parameters):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def look(self, dark=False, width=None, height=None):
        """Sets the colour scheme and the size of the window (None: the initial size)."""
        scheme = "dark" if dark else "light"
        self.chrome("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                            {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.chrome("Emulation.setDeviceMetricsOverride", width=width or self.size[0], height=height or self.size[1],
                    deviceScaleFactor=1, mobile=False)

    def script(self, code, *arguments):
        return self.do("POST", "/execute/sync", {"script": code, "args": list(arguments)})

    def promise(self, code, *arguments):
        """The value of an async function's body."""
        value = self.do("POST", "/execute/async", {
            "script": "const done = arguments[arguments.length - 1];"
                      "(async (...arguments) => {" + code + "})(...arguments)"
                      ".then((value) => done({value}), (wrong) => done({wrong: String(wrong)}));",
            "args": list(arguments)})
        assert "wrong" not in value, value["wrong"]
        return value.get("value")

    def screenshot(self, path, whole=True):
        parameters = {"captureBeyondViewport": True} if whole else {}
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.chrome("Page.captureScreenshot", format="png", **parameters)["data"]))

    # --- actions ---------------------------------------------------------------------------------------------------
    def control(self, kinds, name, seconds=30):
        return wait_until(f"there is {kinds} “{name}”", lambda: self.script(FIND, kinds, name), seconds)

    def click(self, element):
        self.do("POST", f"/element/{element[ELEMENT]}/click")

    def press(self, name, kinds="button, a, summary, input[type=checkbox], [role=button]", seconds=30):
        """A control may be replaced while the page updates: then the new one is pressed. One that lies behind the bar at
        the top is scrolled to first, as a reader would."""
        def once():
            try:
                control = self.control(kinds, name, seconds)
                self.script("const top = document.querySelector('header.top')?.getBoundingClientRect().bottom ?? 0;"
                            "if (arguments[0].getBoundingClientRect().top < top && !arguments[0].closest('header.top'))"
                            " arguments[0].scrollIntoView({block: 'center'})", control)
                self.click(control)
                return True
            except WebDriverError as problem:
                if "stale" in str(problem) or "intercepted" in str(problem) or "not interactable" in str(problem):
                    return False
                raise
        wait_until(f"“{name}” can be pressed", once, seconds)

    def fill(self, name, value):
        """Types into a field found by its label, replacing its value, or selects the option with this text."""
        field = self.control("input:not([type=file]), select, textarea", name)
        if self.script("return arguments[0].matches('select')", field):
            self.script("const s = arguments[0]; const o = [...s.options].find((o) => o.text === arguments[1]);"
                        "if (!o) throw new Error('there is no ' + arguments[1]); s.value = o.value;"
                        "s.dispatchEvent(new Event('change', {bubbles: true}));", field, value)
            return
        self.script("arguments[0].focus(); arguments[0].select()", field)  # typing replaces the value
        self.do("POST", f"/element/{field[ELEMENT]}/value", {"text": value})

    def choose_files(self, label, *paths):
        """Sets the files of an input found by its aria-label, visible or not."""
        field = wait_until(f"there is a file input “{label}”", lambda: self.script(
            "return [...document.querySelectorAll('input[type=file]')].find((e) => e.ariaLabel === arguments[0])"
            " || null", label))
        self.do("POST", f"/element/{field[ELEMENT]}/value", {"text": "\n".join(paths)})

    def key(self, *names):
        actions = [{"type": kind, "value": KEYS.get(name, name)} for name in names for kind in ("keyDown", "keyUp")]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    # --- visible content -------------------------------------------------------------------------------------------
    def text(self):
        return self.script("return document.body.innerText")

    def see(self, *words, seconds=30):
        for word in words:
            try:
                wait_until(f"“{word}” is visible", lambda: word in self.text(), seconds)
            except AssertionError as problem:
                raise AssertionError(f"{problem}; the page shows:\n{self.text()[:3000]}") from None

    def see_not(self, word, seconds=30):
        wait_until(f"“{word}” is gone", lambda: word not in self.text(), seconds)

    def heading(self, words):
        wait_until(f"the page is “{words}”",
                   lambda: words in (self.script("return document.querySelector('main h1')?.innerText") or ""), 60)

    def console(self):
        """Errors on the console since the last call, without rejected requests and without dialogs that were omitted
        because WebDriver's input is not a user's."""
        return [entry["message"] for entry in self.do("POST", "/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE" and entry.get("source") != "network"
                and "'beforeunload' confirmation panel" not in entry["message"]]

    def violations(self, rule=None):
        """Violations of WCAG 2.1 A and AA, or of one rule, found by axe-core, a line each."""
        vendor = os.path.join(SOURCE, "tests", "support", "vendor")
        with open(os.path.join(vendor, "axe-core", "axe.min.js"), encoding="utf-8") as file:
            axe = file.read()
        if not self.script("return Boolean(window.axe)"):
            self.script(axe + "; window.axe = axe;")
        rules = [rule] if rule else ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
        found = self.promise("return (await axe.run(document, {runOnly: arguments[0]})).violations.map((v) =>"
                             " [v.id, v.help, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + ' ' +"
                             " (n.any[0] ? n.any[0].message : '')).join(' | ')])", rules)
        return [f"{each[0]}: {each[1]}: {each[2]}" for each in found]

    def evidence(self):
        with contextlib.suppress(Exception):
            return f"at {self.address()}:\n{self.text()[:2000]}\n" + "\n".join(self.console())
        return tail(self.log)
