"""Every kind of page in a real browser, wide and narrow, light and dark: laid out, readable, offline, no error."""

from __future__ import annotations

import base64
import functools
import http.server
import io
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader
from tools import need

from generator.pipeline import load_worked
from generator.render.program import FLAVOURS, program

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[1]
OWN = "problems/example_222_net_out/"  # the widest formulas, and a published example
PAGES = {
    "home": "",
    "gallery": "problems/",
    "how to write": "guide/problems/",
    "exercises": "guide/exercises/",
    "notation": "guide/notation/",
    "architecture": "architecture/",
    "overview": OWN,
    "solution": f"{OWN}solution/",
    "worksheet": f"{OWN}worksheet/",
    "key": f"{OWN}key/",
    "program": f"{OWN}program/",
    "audit": f"{OWN}audit/",
    "Chinese solution": f"{OWN}solution-zh/",
    "juxtaposed solution": "problems/example_322/solution/",
    "small solution": "problems/one_unit/solution/",
}
WITHOUT_MATHEMATICS = ("how to write", "exercises", "architecture", "program")
SCREENS = {"desktop": 1280, "phone": 390}
SCHEMES = ("light", "dark")
A4 = round((210 - 2 * 20) / 25.4 * 96)  # pixels between the margins of `@page` in the style sheet


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Browser:
    """A headless Chromium, and what it did since the last page was opened."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver, self.address = driver, address

    def cdp(self, command: str, **arguments: object) -> dict[str, Any]:
        found: dict[str, Any] = self.driver.execute_cdp_cmd(command, arguments)
        return found

    def screen(self, width: int, scheme: str, media: str = "") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.cdp("Emulation.setEmulatedMedia", media=media, features=features)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.cdp("Emulation.setDeviceMetricsOverride", **size)

    def open(self, page: str) -> None:
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(self.address + page)
        self.driver.set_script_timeout(10)
        self.driver.execute_async_script("document.fonts.ready.then(() => requestAnimationFrame(arguments[0]))")

    def run(self, script: str, *arguments: object) -> Any:
        return self.driver.execute_script(script, *arguments)

    def wait(self, look: Callable[[], Any], seconds: float = 5) -> Any:
        """What `look` sees as soon as it sees something."""
        end = time.monotonic() + seconds
        while not (found := look()) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def requests(self) -> list[str]:
        """Every address asked for since the page was opened."""
        messages = (json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance"))
        sent = (
            m["params"] for m in messages if m["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated")
        )
        return [params["request"]["url"] if "request" in params else params["url"] for params in sent]

    def foreign(self) -> list[str]:
        """Those of them that are not of this site."""
        return [url for url in self.requests() if not url.startswith((self.address, "data:", "blob:"))]


@pytest.fixture(scope="module")
def browser(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all pages: screens and colour schemes are emulated."""
    need("chromium")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = str(shutil.which("chromium"))
    profile = tmp_path_factory.mktemp("profile")
    quiet = ("disable-background-networking", "disable-component-update", "disable-sync", "no-first-run")
    for flag in ("headless=new", "no-sandbox", "disable-gpu", "disable-dev-shm-usage", "hide-scrollbars", *quiet):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    yield Browser(driver, address)
    driver.quit()


# What is measured on a page, in one go: every list names what is wrong.
MEASURE = r"""
const article = document.querySelector('article'), wide = document.documentElement.clientWidth, found = {};
const name = e => e.outerHTML.slice(0, 160);
const seen = e => e.checkVisibility();
const box = e => e.getBoundingClientRect();
const scrolls = e => { for (; e && e !== article; e = e.parentElement) {
  const style = getComputedStyle(e);
  if (['auto', 'scroll'].includes(style.overflowX) && style.overflowY !== 'visible') return e; } return null; };

found.page = [document.documentElement.scrollWidth, innerWidth];
found.sticking = [...article.querySelectorAll('*')].filter(e => seen(e) && !e.parentElement.closest('math, svg'))
  .filter(e => box(e).width && (box(e).right > wide + 1 || box(e).left < -1) && !scrolls(e)).map(name);
found.clipped = [...article.querySelectorAll('.lh-eq, .lh-scroll')].filter(seen)
  .filter(e => e.scrollWidth > e.clientWidth + 1 && !(scrolls(e) === e && e.tabIndex === 0)).map(name);

const maths = [...article.querySelectorAll('math')].filter(seen);
found.maths = maths.length;
found.flat = maths.filter(e => box(e).width < 3 || box(e).height < 6).map(name);
const fractions = [...article.querySelectorAll('mfrac')].filter(seen);
found.fractions = fractions.length;
found.lowFractions = fractions.filter(e => box(e).height < 1.5 * parseFloat(getComputedStyle(e.children[0]).fontSize)
  || box(e.children[0]).bottom > box(e.children[1]).top + 1).map(name);
found.scripts = [...article.querySelectorAll('msub')].filter(seen).filter(e => {
  const [base, low] = e.children;
  return parseFloat(getComputedStyle(low).fontSize) >= parseFloat(getComputedStyle(base).fontSize)
    || box(low).bottom <= box(base).bottom || box(low).left < box(base).right - 3; }).map(name);
const spread = list => list.length ? Math.max(...list) - Math.min(...list) : 0;
const tables = [...article.querySelectorAll('mtable.lh-align')].filter(seen);
found.tables = tables.length;
found.ragged = tables.filter(t => {
  const rows = [...t.children].map(row => [...row.children]);
  const inside = (cells, edge) => cells.filter(c => c && c.textContent.trim()).map(c => {
    const parts = [...c.children].map(box).filter(r => r.width);
    if (!parts.length) return null;
    const left = Math.min(...parts.map(r => r.left)), right = Math.max(...parts.map(r => r.right));
    return edge === 'left' ? left : edge === 'right' ? right : (left + right) / 2; }).filter(x => x !== null);
  const relations = rows.filter(r => r[1] && r[1].textContent.trim());
  return spread(rows.filter(r => r[1]).map(r => box(r[1]).left)) > 1
    || spread(inside(relations.map(r => r[1]), 'middle')) > 1.5
    || spread(inside(rows.map(r => r[0]), 'right')) > 2
    || spread(inside(relations.map(r => r[2]), 'left')) > 6; }).map(name);
found.fonts = [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family.replaceAll('"', ''));
found.failedFonts = [...document.fonts].filter(f => f.status === 'error').map(f => f.family);

const rgb = text => { const [r, g, b, a] = (text.match(/[\d.]+/g) || []).map(Number);
  const whole = text.startsWith('color(srgb') ? 255 : 1;
  return [r * whole, g * whole, b * whole, a ?? 1]; };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const ground = e => { const layers = [];
  for (; e; e = e.parentElement) {
    layers.push(rgb(getComputedStyle(e).backgroundColor));
    if (layers.at(-1)[3] === 1) break; }
  return layers.reverse().reduce((below, c) => over(c, below), [255, 255, 255, 1]); };
const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const light = c => { const [r, g, b] = c.map(v => linear(v / 255));
  return .2126 * r + .7152 * g + .0722 * b; };
const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
found.ground = light(ground(article));
const shade = e => contrast(over(rgb(getComputedStyle(e).color), ground(e)), ground(e));
const texts = 'p, li, td, th, h1, h2, h3, code, a, figcaption, summary, mi, mn, mo';
found.pale = [...article.querySelectorAll(texts), ...document.querySelectorAll('.md-tabs__link, .md-nav__link')]
  .filter(e => seen(e) && e.textContent.trim() && !e.matches('.headerlink') && shade(e) < 4.5)
  .map(e => name(e) + shade(e));
// The theme's own colours of code are a hair paler.
found.paleCode = [...article.querySelectorAll('.highlight span')]
  .filter(e => seen(e) && e.textContent.trim() && shade(e) < 4.4).map(e => name(e) + shade(e));
const inside = (e, x, y) => { const b = box(e); return b.left <= x && x <= b.right && b.top <= y && y <= b.bottom; };
const drawings = [...article.querySelectorAll('svg.lh-diagram, svg.lh-plot')].filter(seen);
found.drawings = drawings.length;
found.paleDrawing = drawings.flatMap(svg => [...svg.querySelectorAll('text')].filter(seen).filter(t => {
  const b = box(t), [x, y] = [(b.left + b.right) / 2, (b.top + b.bottom) / 2];
  const under = [...svg.querySelectorAll('circle, rect')].filter(e => seen(e) && inside(e, x, y)
    && e.compareDocumentPosition(t) & 4 && getComputedStyle(e).fill !== 'none').pop();
  const behind = under ? over(rgb(getComputedStyle(under).fill), ground(svg)) : ground(svg);
  return contrast(over(rgb(getComputedStyle(t).fill), behind), behind) < 4.5; }).map(name));
found.paleLines = drawings.flatMap(svg => [...svg.querySelectorAll('.lh-stroke, .lh-accent')].filter(e =>
  contrast(over(rgb(getComputedStyle(e).stroke), ground(svg)), ground(svg)) < 3).map(name));
const told = svg => svg.getAttribute('role') === 'img' && svg.querySelector('title')?.textContent;
found.untold = [...article.querySelectorAll('svg')].filter(seen)
  .filter(svg => !svg.closest('a, .md-icon, label, button') && !told(svg)).map(name);
return found;
"""


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_laid_out(page: str, screen: str, scheme: str, browser: Browser) -> None:
    browser.screen(SCREENS[screen], scheme)
    browser.open(PAGES[page])
    found = browser.run(MEASURE)

    assert browser.driver.get_log("browser") == []
    assert browser.foreign() == []

    width, visible = found["page"]
    assert width <= visible, "the page itself scrolls sideways"
    assert found["sticking"] == []
    assert found["clipped"] == []

    assert (found["maths"] > 0) == (page not in WITHOUT_MATHEMATICS)
    assert found["flat"] == []
    assert found["lowFractions"] == []
    assert found["scripts"] == []
    assert found["ragged"] == []
    if "solution" in page:
        assert found["tables"] > 10
        assert found["fractions"] > 10
    assert found["failedFonts"] == []
    assert "STIX Two Text" in found["fonts"]
    assert found["maths"] == 0 or "STIX Two Math" in found["fonts"]

    assert (found["ground"] > 0.8) if scheme == "light" else (found["ground"] < 0.1)
    assert found["pale"] == []
    assert found["paleCode"] == []
    assert found["paleDrawing"] == []
    assert found["paleLines"] == []
    assert found["untold"] == [], "a picture without words for those who do not see it"
    if page in ("home", "overview", "solution", "Chinese solution"):
        assert found["drawings"] > 0


# What could go wrong on a page, as a style, and the list of what is wrong in which it must show.
FAULTS = {
    "sticking": ".lh-eq { overflow: visible !important } .lh-eq math { margin-left: 30em }",
    "clipped": ".lh-eq { overflow: hidden !important } .lh-eq math { margin-left: 30em }",
    "flat": "math { display: inline-block !important; width: 0; height: 0; overflow: hidden }",
    "lowFractions": "mfrac { display: inline !important }",
    "scripts": "msub > :nth-child(2) { font-size: 1.5em !important }",
    "ragged": "mtd:nth-child(3) { text-align: -webkit-center !important }",
    "pale": "article p { color: #ccc !important }",
    "paleDrawing": "svg text { fill: #f3f3f3 !important }",
    "paleLines": ".lh-stroke { stroke: #eee !important }",
}


def test_the_measurements_find_what_is_wrong(browser: Browser) -> None:
    browser.screen(390, "light")
    browser.open(PAGES["solution"])
    assert all(browser.run(MEASURE)[fault] == [] for fault in FAULTS)
    for fault, style in FAULTS.items():
        browser.run("const s = document.createElement('style'); s.id = 'fault'; s.textContent = arguments[0];"
                    "document.head.append(s)", style)  # fmt: skip
        assert browser.run(MEASURE)[fault] != [], fault
        browser.run("document.getElementById('fault').remove()")
    browser.run("document.body.style.width = '3000px'")
    width, visible = browser.run(MEASURE)["page"]
    assert width > visible
    browser.run("console.warn('a'); new Image().src = 'http://elsewhere.invalid/x.png'")
    assert browser.wait(browser.foreign) == ["http://elsewhere.invalid/x.png"]
    assert len(browser.driver.get_log("browser")) >= 1


def test_a_wide_equation_scrolls_within_itself(browser: Browser) -> None:
    """And by keyboard: the box takes the focus, and an arrow key moves it."""
    from selenium.webdriver.common.keys import Keys

    browser.screen(390, "light")
    browser.open(PAGES["solution"])
    wide = browser.run("return [...document.querySelectorAll('.lh-eq')].find(e => e.scrollWidth > e.clientWidth + 40)")
    assert wide is not None
    browser.run("arguments[0].scrollIntoView({block: 'center'})", wide)
    wide.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert browser.wait(lambda: browser.run("return arguments[0].scrollLeft", wide)) > 0
    assert browser.run("return window.scrollX") == 0


@pytest.mark.parametrize("scheme", SCHEMES)
def test_more_to_scroll_to_has_a_shadow(scheme: str, browser: Browser) -> None:
    """At the side where there is more, and nowhere else: seen in the pixels of an equation's empty edges."""
    browser.screen(390, scheme)
    browser.open(PAGES["solution"])
    script = """
      const all = [...document.querySelectorAll('.lh-eq')], slack = e => e.scrollWidth - e.clientWidth;
      const e = arguments[0] ? all.find(e => slack(e) > 60) : all.find(e => slack(e) <= 0);
      e.scrollLeft = arguments[0] === 'end' ? 9999 : 0;
      const {x, y, width, height} = e.getBoundingClientRect();
      return {x: x + scrollX, y: y + scrollY, width, height};"""

    def shades(wanted: str) -> list[bool]:
        """Whether the left and the right edge, in the padding below the mathematics, are not the page's colour."""
        place = browser.run(script, wanted)
        strip = {**place, "y": place["y"] + place["height"] - 3, "height": 1, "scale": 1}
        shot = browser.cdp("Page.captureScreenshot", clip=strip, captureBeyondViewport=True)
        row = Image.open(io.BytesIO(base64.b64decode(shot["data"]))).convert("L")
        ground = row.getpixel((row.width // 2, 0))
        return [abs(row.getpixel((at, 0)) - ground) > 8 for at in (1, row.width - 2)]

    assert shades("start") == [False, True]
    assert shades("end") == [True, False]
    assert shades("") == [False, False]


@pytest.mark.parametrize("page", ["how to write", "exercises", "notation"])
def test_no_key_in_a_table_is_broken(page: str, browser: Browser) -> None:
    browser.screen(1280, "light")
    browser.open(PAGES[page])
    broken = browser.run("""
      const codes = [...document.querySelectorAll('article table code')].filter(e => !/\\s/.test(e.textContent.trim()));
      return [codes.length, codes.filter(e => e.getClientRects().length > 1).map(e => e.textContent)];""")
    assert broken[0] > 5
    assert broken[1] == []


def test_long_tables_are_stacked_on_a_phone(browser: Browser) -> None:
    browser.screen(390, "light")
    browser.open(PAGES["exercises"])
    found = browser.run("""
      const rows = [...document.querySelectorAll('.lh-stacked tbody tr')];
      const wide = rows.filter(row => row.scrollWidth > row.clientWidth + 1 || row.getBoundingClientRect().right > 390);
      return [rows.length, wide.length, Math.max(...rows.map(row => row.offsetHeight))];""")
    assert found[0] > 60
    assert found[1] == 0
    assert found[2] < 220


def test_a_blank_stands_on_the_line(browser: Browser) -> None:
    """A box has the line's middle in it, and a parenthesis around it is as tall as it is."""
    browser.screen(1280, "light")
    browser.open(PAGES["worksheet"])
    off, low, *looked_at = browser.run("""
      const box = e => e.getBoundingClientRect(), middle = e => (box(e).top + box(e).bottom) / 2;
      const blanks = [...document.querySelectorAll('math .lh-blank:empty')];
      const rows = blanks.map(e => [e, e.closest('mtr')]).filter(([e, row]) =>
        row && row.children[1].querySelector('mo') && !e.closest('msup, mfrac'));
      const off = rows.filter(([e, row]) => Math.abs(middle(row.children[1].querySelector('mo')) - middle(e)) > 6);
      const fences = [...document.querySelectorAll('mo[fence]')].filter(e =>
        e.nextElementSibling && e.nextElementSibling.querySelector('.lh-blank'));
      const low = fences.filter(e => box(e).height < box(e.nextElementSibling).height - 4);
      return [off.length, low.length, rows.length, fences.length];""")
    assert min(looked_at) > 3
    assert off == 0
    assert low == 0


def test_the_mathematics_is_set_in_the_served_font(browser: Browser) -> None:
    """Not in whatever the machine has: the same formula is otherwise wide where the font is taken away."""
    browser.screen(1280, "light")
    browser.open(PAGES["solution"])
    script = "return [...document.querySelectorAll('math')].map(e => e.getBoundingClientRect().width)"
    served = browser.run(script)
    browser.run(
        "document.fonts.clear(); document.querySelectorAll('math').forEach(e => e.style.fontFamily = 'monospace')"
    )
    assert browser.run(script) != served


def test_the_copy_button_copies_the_program(browser: Browser) -> None:
    browser.screen(1280, "light")
    browser.open("problems/one_unit/program/")
    origin = browser.address.rstrip("/")
    browser.cdp(
        "Browser.grantPermissions", origin=origin, permissions=["clipboardReadWrite", "clipboardSanitizedWrite"]
    )
    button = browser.run(
        "return document.querySelector('.tabbed-block [data-md-type=\"copy\"], .tabbed-block .md-clipboard')"
    )
    assert button is not None, "there is no copy button"
    browser.run("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    read = "navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))"
    copied = browser.wait(lambda: browser.driver.execute_async_script(read))
    wanted = program(load_worked(ROOT / "problems" / "first" / "one_unit.yml"), FLAVOURS[0])
    assert copied.strip() == wanted.strip()


def test_tabs_switch_between_programs(browser: Browser) -> None:
    browser.screen(390, "light")
    browser.open("problems/one_unit/program/")
    shown = "return [...document.querySelectorAll('.tabbed-block')].map(e => e.checkVisibility())"
    assert browser.run(shown) == [True, False]
    labels = browser.run("return [...document.querySelectorAll('.tabbed-labels label')]")
    assert len(labels) == len(FLAVOURS) == 2
    browser.run("arguments[0].scrollIntoView({block: 'center'})", labels[1])
    labels[1].click()
    assert browser.run(shown) == [False, True]
    assert "import numpy" in browser.run("return document.querySelectorAll('.tabbed-block')[1].innerText")


def test_search_finds_a_problem_offline(browser: Browser) -> None:
    browser.screen(1280, "light")
    browser.open("")
    browser.run("document.querySelector('[data-md-toggle=search]').click()")
    field = browser.run("return document.querySelector('.md-search__input')")
    field.send_keys("one unit learns")
    links = "return [...document.querySelectorAll('.md-search-result__link')].map(e => e.href)"
    found = browser.wait(lambda: browser.run(links), 10)
    assert any("/problems/one_unit/" in link for link in found), found
    assert browser.foreign() == []


@pytest.mark.parametrize("page", ["overview", "solution", "worksheet", "key", "audit", "juxtaposed solution"])
def test_a_page_prints_with_nothing_clipped(page: str, browser: Browser) -> None:
    """Dark on screen, black on white on paper, and no equation wider than A4."""
    browser.screen(A4, "dark", "print")
    browser.open(PAGES[page])
    found = browser.run("""
      const right = document.querySelector('article').getBoundingClientRect().right;
      const seen = [...document.querySelectorAll('article :is(math, table, svg)')].filter(e => e.checkVisibility());
      const shown = ['.md-header', '.md-sidebar', '.md-footer', '.lh-downloads'].filter(s =>
        [...document.querySelectorAll(s)].some(e => e.checkVisibility()));
      const ink = getComputedStyle(document.querySelector('article p:not([class])')).color;
      const wide = seen.filter(e => e.getBoundingClientRect().right > right + 2).map(e => e.outerHTML.slice(0, 200));
      return {wide, ink, shown, count: seen.length};""")
    assert found["count"] > 1
    assert found["wide"] == []
    assert found["ink"] == "rgb(0, 0, 0)"
    assert found["shown"] == [], "what is of no use on paper"
    made = browser.cdp("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
    pdf = PdfReader(io.BytesIO(base64.b64decode(made["data"])))
    assert len(pdf.pages) > 0
    assert all(abs(float(sheet.mediabox.width) - 595) < 3 for sheet in pdf.pages)
    assert all(sheet.extract_text().strip() for sheet in pdf.pages), "an empty sheet"
