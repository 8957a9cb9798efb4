"""The website: complete, whole, offline, true, the same every time, and built anew when something changes."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import markdown
import pytest
from markdown_it import MarkdownIt

from generator.definitions.problem import find_definitions
from generator.errors import LonghandError, PublishError
from generator.pipeline import Worked, load_worked
from generator.publish import pages
from generator.publish.artifacts import documents_of, languages_of, truth_of
from generator.publish.site import build_site, write_pages
from generator.render.document import render
from generator.render.formats import forget_templates
from generator.sets.model import find_sets, load_set
from generator.verify.document import verify

ROOT = Path(__file__).resolve().parents[1]
PROBLEMS = find_definitions(ROOT / "problems")
IDS = [path.stem for path in PROBLEMS]
ONE = ROOT / "problems" / "first" / "one_unit.yml"


@cache
def of(path: Path) -> Worked:
    return load_worked(path)


@cache
def rendered(path: Path, document: str) -> str:
    """A document as it is before Markdown and the theme."""
    return render(of(path), document, "web")


@cache
def relations(path: Path, document: str) -> int:
    """How many relations of it are read back."""
    worked = of(path)
    return verify(rendered(path, document), "web", truth_of(worked, document), history=worked.history).checked


def page_names(worked: Worked) -> list[str]:
    """The folders of a problem's pages below its own; the first is the overview."""
    others = [f"solution-{language}" for language in languages_of(worked) if language != "en"]
    return ["", *documents_of(worked), "program", *others]


# --- reading pages ---


@dataclass
class Seen:
    """What a page refers to and holds."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)  # where a reader can go
    loaded: list[str] = field(default_factory=list)  # what a browser fetches by itself
    inline: list[str] = field(default_factory=list)  # the text of scripts and styles
    words: list[str] = field(default_factory=list)  # what a reader or a screen reader gets
    targets: list[str] = field(default_factory=list)  # ids that labels and descriptions name
    tags: dict[str, int] = field(default_factory=dict)


class Reader(HTMLParser):
    """Takes down what a page refers to and holds."""

    LOADS = re.compile(
        r"(link|use|image) href|use xlink:href|(script|img|source|iframe|embed|video|audio|input) src|img srcset|"
        r"object data|form action|body background"
    )

    def __init__(self) -> None:
        super().__init__()
        self.seen = Seen()
        self._raw = False

    @classmethod
    @cache  # of few elements and attributes there are hundreds of thousands
    def loads(cls, tag: str, key: str) -> bool:
        return cls.LOADS.fullmatch(f"{tag} {key}") is not None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        seen, found = self.seen, {key: value or "" for key, value in attrs}
        seen.tags[tag] = seen.tags.get(tag, 0) + 1
        self._raw = tag in ("script", "style")
        if found.get("id"):
            assert found["id"] not in seen.ids, f"the id `{found['id']}` twice"
            seen.ids.add(found["id"])
        if tag == "a" and "href" in found:
            seen.links.append(found["href"])
        seen.loaded += [value for key, value in found.items() if self.loads(tag, key)]
        seen.inline += [found["style"]] if "style" in found else []
        seen.targets += [found["for"]] if tag == "label" and "for" in found else []
        seen.targets += (found.get("aria-labelledby", "") + " " + found.get("aria-describedby", "")).split()
        said = found.get("name") != "generator"
        seen.words += [found[key] for key in ("alt", "title", "aria-label", "content") if key in found and said]

    def handle_endtag(self, tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        (self.seen.inline if self._raw else self.seen.words).append(data)


@cache
def read(path: Path) -> Seen:
    reader = Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    return reader.seen


def html_pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert len(found) > 20
    return found


def article(path: Path) -> str:
    """The content of a page, without what the theme puts around it."""
    html = path.read_text(encoding="utf-8")
    return html[html.index("<article") : html.index("</article>")]


def place(site: Path, page: Path, target: str) -> Path:
    """The file that a relative link leads to (the page for what is not found has absolute ones)."""
    path = unquote(urlsplit(target).path)
    found = site / path.lstrip("/") if path.startswith("/") else (page.parent / path if path else page)
    return found / "index.html" if found.is_dir() else found


# --- complete and whole ---


def test_every_problem_has_every_kind_of_page(site: Path) -> None:
    assert (site / "index.html").is_file()
    assert (site / "problems" / "index.html").is_file()
    for path in PROBLEMS:
        for name in page_names(of(path)):
            assert (site / "problems" / path.stem / name / "index.html").is_file(), f"{path.stem}/{name}"
    assert (site / "problems" / "example_322" / "audit").is_dir()
    assert not (site / "problems" / "one_unit" / "audit").exists(), "it is no published example"


def test_pages_are_titled_by_document_and_problem(site: Path) -> None:
    found = [path for path in html_pages(site) if path.name != "404.html"]
    titles = [re.findall(r"<title>(.*?)</title>", path.read_text(encoding="utf-8"))[0] for path in found]
    assert len(set(titles)) == len(titles)
    assert "Worked solution: One unit learns - Longhand" in titles


def test_every_link_and_anchor_leads_somewhere(site: Path) -> None:
    dead = []
    for page in html_pages(site):
        for target in read(page).links:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            found = place(site, page, target)
            if not found.is_file():
                dead.append(f"{page.relative_to(site)}: {target}")
            elif url.fragment and found.suffix == ".html" and unquote(url.fragment) not in read(found).ids:
                dead.append(f"{page.relative_to(site)}: {target}: no such anchor")
    assert not dead


def test_everything_that_a_page_loads_is_there(site: Path) -> None:
    for page in html_pages(site):
        for target in read(page).loaded:
            if target:
                assert place(site, page, target).is_file() or (site / target).is_dir(), f"{page}: {target}"


def test_labels_and_descriptions_name_what_is_on_the_page(site: Path) -> None:
    for page in html_pages(site):
        seen = read(page)
        missing = set(seen.targets) - seen.ids
        assert not missing - {"__toc"}, (
            f"{page}: {missing}"
        )  # the theme has that label on pages without a contents list


def test_downloads_are_there_and_are_what_they_say(site: Path) -> None:
    for path in PROBLEMS:
        folder = site / "problems" / path.stem
        linked = {
            link.removeprefix("files/") for link in read(folder / "index.html").links if link.startswith("files/")
        }
        assert {Path(link).suffix for link in linked} == {".md", ".tex", ".pdf", ".py"} | (
            {".svg"} & {Path(x).suffix for x in linked}
        )
        for link in linked:
            content = (folder / "files" / link).read_bytes()
            few = "-key-" in link and link.endswith(".md")  # a key of a few lines, as plain text
            assert len(content) > (150 if few else 300), link
            assert content.startswith(b"%PDF-") == link.endswith(".pdf")
        for document in documents_of(of(path)):
            for end in ("md", "tex", "pdf"):
                assert any(re.fullmatch(rf"{path.stem}-{document}(-\w+)?\.{end}", link) for link in linked), (
                    document,
                    end,
                )


def test_pictures_that_downloads_refer_to_are_beside_them(site: Path) -> None:
    found = 0
    for path in sorted(site.glob("problems/*/files/*.md")):
        for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", path.read_text(encoding="utf-8")):
            found += 1
            ElementTree.parse(path.parent / target)
    assert found > 8


# --- mathematics ---


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_every_line_of_every_finished_page_is_true(path: Path, site: Path) -> None:
    """After Markdown, theme and all: the mathematics that a browser gets, read back and worked again."""
    worked = of(path)
    checked = 0
    for name in page_names(worked):
        page = site / "problems" / path.stem / name / "index.html"
        report = verify(article(page), "web", truth_of(worked, name), history=worked.history)
        assert report.untrue == (), name
        if name in documents_of(worked):
            assert report.checked == relations(path, name), name
            checked += report.checked
    assert checked > 30 or len(worked.graph) < 20


def test_every_element_came_back_to_its_place(site: Path) -> None:
    """`restored` puts each in one place or stops the build (below); here is what it left in the pages."""
    for page in html_pages(site):
        assert "data-lh" not in page.read_text(encoding="utf-8")
    for path in PROBLEMS:
        for name in page_names(of(path)):
            page = site / "problems" / path.stem / name / "index.html"
            assert "<math" in page.read_text(encoding="utf-8") or name == "program", page


@pytest.mark.parametrize("change", ["''", "match[0] * 2"], ids=["lost", "doubled"])
def test_an_element_that_something_else_loses_or_doubles_stops_the_site(change: str, own: Path) -> None:
    (own / "hook.py").write_text(
        "import re\n\ndef on_page_content(html, **_):\n"
        f"    return re.sub('<span data-lh=\"2\"></span>', lambda match: {change}, html)\n",
        encoding="utf-8",
    )
    configured(own)
    with (own / "mkdocs.yml").open("a", encoding="utf-8") as file:
        file.write("hooks: [hook.py]\n")
    with pytest.raises(PublishError, match=r"index\.md: found [02] places for element 3 of \d+; expected one"):
        build_site(Path("problems"), Path("out"))
    assert not (own / "out").exists()


def test_mathematics_is_well_formed_and_native(site: Path) -> None:
    for page in html_pages(site):
        for element in re.findall(
            r"<math\b.*?</math>|<svg\b[^>]*lh-.*?</svg>",
            article(page) if "<article" in page.read_text() else "",
            re.DOTALL,
        ):
            ElementTree.fromstring(element.replace("&nbsp;", " "))
        assert not re.search(r"mathjax|katex", page.read_text(encoding="utf-8"), re.IGNORECASE)


def test_hand_written_pages_have_their_generated_parts(site: Path) -> None:
    home = article(site / "index.html")
    assert "<svg" in home
    assert "<math" in home
    assert "kind" in home
    for page in ("index.html", "guide/notation/index.html", "guide/problems/index.html"):
        assert "<!-- longhand" not in (site / page).read_text(encoding="utf-8"), "a directive that was not replaced"


# --- search ---


def test_the_search_index_holds_words_and_no_markup(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    text = json.dumps(index["docs"], ensure_ascii=False)
    assert not re.search(r"data-lh|<math|</m\w+>|mfrac|<svg|viewBox|lh-\w+", text)
    for record in index["docs"]:
        assert place(site, site / "index.html", record["location"]).is_file()
    titles = {record["title"] for record in index["docs"]}
    assert {"One unit learns", "The error", "误差"} & titles >= {"One unit learns", "The error"}


# --- nothing from elsewhere ---

# Addresses in the theme's scripts that no page of ours asks for, and what would have to be on a page for it.
NEVER_ASKED = {
    "unpkg.com/mermaid": 'class="mermaid',
    "unpkg.com/resize-observer-polyfill": "",  # only for browsers without ResizeObserver, which have no MathML either
    "api.github.com": 'data-md-component="source"',
    "${e}/api/v4": 'data-md-component="source"',
}
# Names of vocabularies, and addresses in comments of scripts.
NAMES = re.compile(
    r"www\.w3\.org/|www\.mozilla\.org/MPL|github\.com/|snowball\.tartarus|code\.google\.com/p/urim|fontawesome\.com|"
    r"developer\.mozilla|clipboardjs\.com|bit\.ly|wiki\.|underscorejs|tartarus\.org|people\.mozilla|narwhaljs|"
    r"msdn\.microsoft|lunrjs\.com|en\.wikipedia|docs\.python\.org|chasen\.org"
)


def test_no_page_loads_from_another_origin(site: Path) -> None:
    for page in [*html_pages(site), *sorted(site.rglob("*.svg"))]:
        seen = read(page)
        for target in seen.loaded:
            url = urlsplit(target)
            assert not url.scheme, f"{page}: {target}"
            assert not url.netloc, f"{page}: {target}"
        for text in seen.inline:
            assert not re.search(
                r"https?:|//[a-z]|@import|url\((?!['\"]?(#|data:))", re.sub(r"__md_scope.*", "", text)
            ), text[:200]


def test_no_style_sheet_loads_from_another_origin(site: Path) -> None:
    sheets = sorted(site.rglob("*.css"))
    assert len(sheets) >= 3
    for sheet in sheets:
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "@import" not in text
        for target in re.findall(r"url\(\s*['\"]?(.*?)['\"]?\s*\)", text):
            if not target.startswith(("data:", "#")):
                assert not urlsplit(target).netloc, f"{sheet}: {target}"
                assert (sheet.parent / urlsplit(target).path).is_file(), f"{sheet}: {target}"


def test_no_script_asks_another_origin(site: Path) -> None:
    """Every address in a script is known, and what would make the script use it is on no page."""
    html = "".join(page.read_text(encoding="utf-8") for page in html_pages(site))
    scripts = sorted(path for path in site.rglob("*") if path.suffix in (".js", ".mjs") and path.is_file())
    assert scripts
    for script in scripts:
        for address in re.findall(r"https?://([^\s\"'`<>\\)]+)", script.read_text(encoding="utf-8")):
            reason = next((needs for known, needs in NEVER_ASKED.items() if address.startswith(known)), None)
            assert reason is not None or NAMES.match(address), f"{script.name}: {address}"
            assert not reason or reason not in html


def test_fonts_are_served_with_the_site(site: Path) -> None:
    css = (site / "assets" / "longhand.css").read_text(encoding="utf-8")
    fonts = re.findall(r'font-family: "(STIX Two \w+)"; src: url\("([^"]+)"\)', css)
    assert {name for name, _ in fonts} == {"STIX Two Math", "STIX Two Text"}
    for _, target in fonts:
        assert (site / "assets" / target).read_bytes()[:4] == b"wOF2"
    assert (site / "assets" / "fonts" / "OFL.txt").is_file(), "the licence travels with the fonts"


# --- worksheets ---


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+\.\d+", text))


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_a_worksheets_page_says_no_more_than_the_worksheet(path: Path, site: Path) -> None:
    """The worksheet itself is searched for answers elsewhere; its page, with head and navigation, adds no number."""
    page = site / "problems" / path.stem / "worksheet" / "index.html"
    own = rendered(path, "worksheet")
    assert numbers(" ".join(read(page).words)) <= numbers(re.sub(r"<[^>]*>", " ", own))
    assert numbers(article(page)) <= numbers(own)


# --- languages ---


@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_a_solution_in_another_language_says_so(path: Path, site: Path) -> None:
    for language in languages_of(of(path)):
        if language != "en":
            page = site / "problems" / path.stem / f"solution-{language}" / "index.html"
            assert article(page).startswith(f'<article lang="{language}" ')
            assert "What is given" not in article(page)
            overview = article(site / "problems" / path.stem / "index.html")
            assert f'href="solution-{language}/" lang="{language}"' in overview
    assert "lang=" not in article(site / "problems" / path.stem / "solution" / "index.html").partition(">")[0]


# --- the same every time ---


def build(problems: Path, output: Path, **environ: str) -> None:
    command = [Path(sys.executable).with_name("longhand"), "build", "--strict", "--problems", problems, "-o", output]
    clean = {key: value for key, value in os.environ.items() if key not in ("SOURCE_DATE_EPOCH", "PYTHONHASHSEED")}
    subprocess.run(command, env=clean | environ, check=True, capture_output=True)


def test_two_builds_have_the_same_bytes(tmp_path: Path) -> None:
    """In two processes with other hashes, at another time, in another place: every file, the site map included."""
    (tmp_path / "problems").mkdir()
    shutil.copy(ONE, tmp_path / "problems")
    for name, environ in (("a", {"PYTHONHASHSEED": "1"}), ("b/c", {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo"})):
        with in_folder(tmp_path):
            build(tmp_path / "problems", tmp_path / name, **environ)
    first, second = (tmp_path / "a"), (tmp_path / "b" / "c")
    names = sorted(str(path.relative_to(first)) for path in first.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(second)) for path in second.rglob("*") if path.is_file())
    different = [name for name in names if (first / name).read_bytes() != (second / name).read_bytes()]
    assert different == []
    assert "lastmod" not in (first / "sitemap.xml").read_text(encoding="utf-8")
    assert gzip.decompress((first / "sitemap.xml.gz").read_bytes()) == (first / "sitemap.xml").read_bytes()
    assert not list(tmp_path.glob(".*")), "nothing temporary is left"


# --- plain Markdown ---


@pytest.fixture(scope="module")
def written(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    count = write_pages(ROOT / "problems", folder)
    assert count == sum(1 for path in folder.rglob("*") if path.is_file())
    return folder


BUILDERS = {
    "Python-Markdown": markdown.markdown,
    "Python-Markdown with extensions": lambda text: markdown.markdown(
        text,
        extensions=["extra", "toc", "admonition", "sane_lists", "smarty", "pymdownx.superfences", "pymdownx.tabbed"],
    ),
    "CommonMark": lambda text: MarkdownIt("commonmark").enable("table").render(text),
}


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("path", PROBLEMS, ids=IDS)
def test_pages_as_plain_markdown_keep_their_mathematics(path: Path, builder: str, written: Path) -> None:
    """Whatever turns them into HTML: what it makes of a page is read back, and says the same as before."""
    worked = of(path)
    for document in documents_of(worked):
        text = (written / "problems" / path.stem / f"{document}.md").read_text(encoding="utf-8")
        html = BUILDERS[builder](text.partition("---\n\n")[2])
        after = verify(html, "web", truth_of(worked, document), history=worked.history)
        assert after.untrue == ()
        assert after.checked == relations(path, document)
        assert html.count("<math") == html.count("</math>") == text.count("<math")
        for element in re.findall(r"<math\b.*?</math>", html, re.DOTALL):
            ElementTree.fromstring(element)


def test_pages_as_plain_markdown_are_the_pages_of_the_site(written: Path, site: Path) -> None:
    found = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}
    downloads = {str(path.relative_to(site)) for path in site.glob("problems/**/files/*")}
    assert {name for name in found if "/files/" in name} == downloads
    sources = {f"problems/{path.stem}/{name or 'index'}.md" for path in PROBLEMS for name in page_names(of(path))}
    sources |= {f"problems/sets/{path.stem}/index.md" for path in find_sets(ROOT / "problems")}
    sources |= {"problems/index.md", "problems/sets/index.md"}
    assert {name for name in found if "/files/" not in name} == sources
    assert not any("data-lh" in path.read_text(encoding="utf-8") for path in written.rglob("*.md"))


# --- a site of one's own ---


class in_folder:  # noqa: N801 - used like a function
    """Work in a folder, whose templates count only there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, Path.cwd()

    def __enter__(self) -> None:
        os.chdir(self.folder)
        forget_templates()

    def __exit__(self, *error: object) -> None:
        os.chdir(self.before)
        forget_templates()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A folder with one problem and nothing else."""
    (tmp_path / "problems").mkdir()
    shutil.copy(ONE, tmp_path / "problems")
    with in_folder(tmp_path):
        yield tmp_path
    pages.forget()


def configured(own: Path, home: str = "# Home\n") -> None:
    """Give the folder the repository's `mkdocs.yml`, without its navigation, and a home page."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    (own / "mkdocs.yml").write_text(re.sub(r"(?ms)^nav:.*?\n\n", "", text), encoding="utf-8")
    shutil.copytree(ROOT / "site" / "assets", own / "site" / "assets", dirs_exist_ok=True)
    (own / "site" / "index.md").write_text(home, encoding="utf-8")


def overview(folder: Path) -> str:
    return (folder / "problems" / "one_unit" / "index.html").read_text(encoding="utf-8")


def test_a_folder_without_a_configuration_builds(own: Path) -> None:
    build_site(Path("problems"), Path("out"), strict=True)
    assert "One unit learns" in overview(own / "out")
    assert (own / "out" / "assets" / "longhand.css").is_file()
    assert "all problems" in (own / "out" / "index.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in own.iterdir()) == ["out", "problems"]
    for page in sorted((own / "out").rglob("*.html")):
        for target in read(page).links + read(page).loaded:
            if target and not urlsplit(target).scheme:
                assert place(own / "out", page, target).exists(), f"{page}: {target}"


def test_a_site_is_replaced_as_a_whole_and_only_by_a_whole_one(own: Path) -> None:
    build_site(Path("problems"), Path("out"))
    (own / "out" / "stale.html").write_text("stale")
    build_site(Path("problems"), Path("out"))
    assert not (own / "out" / "stale.html").exists()
    good = overview(own / "out")
    text = ONE.read_text(encoding="utf-8")
    (own / "problems" / "one_unit.yml").write_text(text.replace("w1: 0.4", "w1: much"), encoding="utf-8")
    with pytest.raises(LonghandError, match=r"one_unit\.yml:\d+: `weights\.w1`: found `much`"):
        build_site(Path("problems"), Path("out"))
    assert overview(own / "out") == good
    assert sorted(path.name for path in own.iterdir()) == ["out", "problems"]


def test_other_folders_of_problems_and_sites(own: Path) -> None:
    (own / "problems").rename(own / "exercises")
    build_site(Path("exercises"), Path("a"))
    configured(own)
    build_site(Path("exercises"), Path("b"))
    assert "One unit learns" in overview(own / "a")
    assert "One unit learns" in overview(own / "b")
    with pytest.raises(PublishError, match="problems: there is no such folder"):
        build_site(Path("problems"), Path("c"))
    assert not (own / "c").exists()


def test_two_problems_of_one_name_are_refused(own: Path) -> None:
    (own / "problems" / "more").mkdir()
    shutil.copy(ONE, own / "problems" / "more")
    with pytest.raises(LonghandError, match=r"one_unit\.yml has the same name"):
        build_site(Path("problems"), Path("out"))


def test_an_untrue_line_stops_the_site(own: Path) -> None:
    shipped = (ROOT / "templates" / "formats" / "web.j2").read_text(encoding="utf-8")
    assert shipped.count("<< line.right >>") == 1
    (own / "templates" / "formats").mkdir(parents=True)
    spoiled = shipped.replace("<< line.right >>", "<< line.right >><mn>7</mn>")
    (own / "templates" / "formats" / "web.j2").write_text(spoiled, encoding="utf-8")
    forget_templates()
    with pytest.raises(LonghandError, match="one_unit, page solution: line"):
        build_site(Path("problems"), Path("out"))
    assert not (own / "out").exists()


def test_ones_own_templates_override_the_shipped_ones(own: Path) -> None:
    (own / "templates" / "pages").mkdir(parents=True)
    (own / "templates" / "pages" / "overview.j2").write_text("# << title >>\n\nMy own overview.\n")
    words = (ROOT / "templates" / "languages" / "en.yml").read_text(encoding="utf-8")
    (own / "templates" / "languages").mkdir()
    (own / "templates" / "languages" / "en.yml").write_text(
        words.replace("Worked solution", "My own solution"), encoding="utf-8"
    )
    forget_templates()
    build_site(Path("problems"), Path("out"))
    assert "My own overview." in overview(own / "out")
    solution = (own / "out" / "problems" / "one_unit" / "solution" / "index.html").read_text(encoding="utf-8")
    assert "My own solution" in solution
    assert "<math" in solution, "everything else is as shipped"


def test_a_change_is_noticed_and_only_what_changed_is_made_again(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `serve` does it: MkDocs builds again and again in one process, with one plugin."""
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config

    configured(own)
    shutil.copy(ONE, own / "problems" / "other.yml")
    made: list[str] = []
    whole = pages._generated
    monkeypatch.setattr(pages, "_generated", lambda path, required: made.append(path.stem) or whole(path, required))

    class Here:
        """One process instead of several, so that this test can look on."""

        def __init__(self, **_: object) -> None: ...

        def __enter__(self) -> Here:
            return self

        def __exit__(self, *_: object) -> None: ...

        def map(self, function: object, items: list[Path], required: list[dict[str, str]]) -> list[object]:
            return [pages._generated(*both) for both in zip(items, required, strict=True)]

    monkeypatch.setattr(pages, "ProcessPoolExecutor", Here)

    def again() -> tuple[str, list[str]]:
        made.clear()
        mkdocs_build(load_config("mkdocs.yml", site_dir=str(own / "out"), strict=True))
        return overview(own / "out"), list(made)

    html, worked = again()
    assert worked == ["one_unit", "other"]
    assert again() == (html, []), "nothing has changed"

    definition = own / "problems" / "one_unit.yml"
    definition.write_text(definition.read_text(encoding="utf-8").replace("w1: 0.4", "w1: 0.45"), encoding="utf-8")
    changed, worked = again()
    assert worked == ["one_unit"]
    assert "0.45" in changed
    assert "0.45" not in html

    template = own / "templates" / "pages" / "overview.j2"
    template.parent.mkdir(parents=True)
    template.write_text("# << title >>\n\nFirst.\n")
    first, worked = again()
    assert worked == ["one_unit", "other"]
    assert "First." in first
    template.write_text("# << title >>\n\nSecond.\n")
    os.utime(template, (1, 1))  # older than all others, as from an archive
    second, worked = again()
    assert worked == ["one_unit", "other"]
    assert "Second." in second
    template.unlink()
    assert again() == (changed, ["one_unit", "other"])

    other = own / "problems" / "other.yml"
    other.write_text(other.read_text(encoding="utf-8") + "requires: [one_unit, nothing]\n", encoding="utf-8")
    assert again() == (changed, ["other"])
    page = own / "out" / "problems" / "other" / "index.html"
    assert 'before it: <a href="../one_unit/">One unit learns</a>, nothing</p>' in page.read_text(encoding="utf-8")
    definition.write_text(definition.read_text(encoding="utf-8").replace("learns", "&amp; no more"), encoding="utf-8")
    assert again()[1] == ["one_unit", "other"], "a title stands on the pages of what comes after it"
    assert '<a href="../one_unit/">One unit &amp;amp; no more</a>' in page.read_text(encoding="utf-8")

    (own / "problems" / "other.yml").unlink()
    again()
    assert not (own / "out" / "problems" / "other").exists()


def test_a_page_holds_the_navigation_that_it_shows(own: Path) -> None:
    """The pages of its own problem, and a way to every other one: not the pages of all problems."""
    configured(own)
    for topic, name in (("first", "one_unit"), ("first", "other"), ("second", "third")):
        (own / "problems" / topic).mkdir(exist_ok=True)
        shutil.copy(ONE, own / "problems" / topic / f"{name}.yml")
    (own / "problems" / "one_unit.yml").unlink()
    build_site(Path("problems"), Path("out"), strict=True)
    page = own / "out" / "problems" / "one_unit" / "solution" / "index.html"
    links = {place(own / "out", page, target).resolve() for target in read(page).links if "://" not in target}
    folders = {path.parent.relative_to((own / "out" / "problems").resolve()).as_posix() for path in links
               if (own / "out" / "problems").resolve() in path.parents}  # fmt: skip
    assert {"one_unit", *(f"one_unit/{name}" for name in page_names(load_worked(ONE)) if name)} <= folders
    assert {"other", "third"} <= folders
    assert not {"other/solution", "third/solution", "third/key"} & folders


@pytest.mark.parametrize("fonts", [True, False])
def test_documents_have_their_pdfs_at_the_top(fonts: bool, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the title, at every level; and where a language has no PDFs, why."""
    monkeypatch.setattr("generator.publish.artifacts.can_set", lambda language: language == "en")
    monkeypatch.setattr("generator.publish.pages.can_set", lambda language: fonts or language == "en")
    definition = own / "problems" / "one_unit.yml"
    text = definition.read_text(encoding="utf-8").replace("One unit learns", "{en: One unit learns, zh: 单元}")
    definition.write_text(text, encoding="utf-8")
    (made,) = pages.generate(own / "problems")
    there = {file.path for file in made.downloads}
    found = {page.path.rpartition("/")[2]: page.text for page in made.pages}
    levels = ("guided", "faded", "open")
    for name, wanted in (
        ("solution.md", [("Worked solution", "one_unit-solution.pdf")]),
        ("worksheet.md", [(level, f"one_unit-worksheet-{level}.pdf") for level in levels]),
        ("key.md", [(level, f"one_unit-key-{level}.pdf") for level in levels]),
    ):
        (line,) = re.findall(r'</p>\n\n<p class="lh-pdf">PDF: (.*)</p>\n', found[name])
        assert re.findall(r'<a href="../files/([^"]+)" download>([^<]+)</a>', line) == [(b, a) for a, b in wanted]
        assert {path for _, path in wanted} <= there
    told = "没有中文 PDF：生成本站的机器上缺少字体 Noto Serif CJK SC。"
    assert (f'<p class="lh-pdf">{told}</p>' in found["solution-zh.md"]) == (not fonts)
    assert (f'<p lang="zh">{told}</p>' in found["index.md"]) == (not fonts)
    assert found["index.md"].index("## Documents") < found["index.md"].index("## Downloads")


def test_claims_are_part_of_what_a_page_depends_on(own: Path) -> None:
    assert pages.generate(own / "problems")[0].pages[-1].path.endswith("program.md")
    claims = 'source: {title: T}\nclaims:\n  - {quantity: w1, printed: "0.4", where: here}\n'
    (own / "problems" / "one_unit.claims.yml").write_text(claims)
    assert [page.path for page in pages.generate(own / "problems")[0].pages][-1].endswith("audit.md")


def test_serve_watches_what_it_depends_on(own: Path) -> None:
    from mkdocs.config import load_config

    configured(own)
    (own / "templates").mkdir()
    config = load_config("mkdocs.yml")
    watched: list[str] = []

    class Server:
        def watch(self, path: str) -> None:
            watched.append(path)

    server = Server()
    assert config.plugins["longhand"].on_serve(server, config=config, builder=None) is server
    assert {str(own / "problems"), str(own / "templates"), str(ROOT / "templates")} <= set(watched)


def test_serve_shows_a_change_soon(own: Path) -> None:
    """The real command, with a folder of problems of another name: after a change, after a mistake, and mended."""
    (own / "problems").rename(own / "exercises")
    configured(own)
    definition = own / "exercises" / "one_unit.yml"
    text = definition.read_text(encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [Path(sys.executable).with_name("longhand"), "serve", "--problems", "exercises", "--address", address]
    with (own / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:

        def says(words: str, path: str = "problems/one_unit/") -> bool:
            end = time.monotonic() + 60
            while time.monotonic() < end and server.poll() is None:
                with (
                    contextlib.suppress(OSError),
                    urllib.request.urlopen(f"http://{address}/{path}", timeout=20) as page,
                ):
                    if words in page.read().decode():
                        return True
                time.sleep(0.1)
            return False

        try:
            assert says("One unit learns")
            assert f"Serving on http://{address}/" in (own / "log").read_text()
            definition.write_text(text.replace("One unit learns", "One unit learned"), encoding="utf-8")
            assert says("One unit learned")
            definition.write_text(text.replace("w1: 0.4", "w1: much"), encoding="utf-8")
            wait_for(lambda: "ERROR: longhand: " in (own / "log").read_text())
            assert "one_unit.yml" in (own / "log").read_text().partition("ERROR: ")[2]
            definition.write_text(text.replace("One unit learns", "It learns again"), encoding="utf-8")
            assert says("It learns again")
        finally:
            server.terminate()


def wait_for(look: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end
        time.sleep(0.1)


# --- generated parts of hand-written pages ---


def test_hand_written_pages_take_in_any_part(own: Path) -> None:
    parts = [
        "network",
        "source",
        "forward",
        "forward/output",
        "error",
        "gradients_last/output",
        "update",
        "dE_total/dw1",
    ]
    configured(own, "# Home\n\n" + "\n\n".join(f"<!-- longhand: one_unit {part} -->" for part in parts))
    build_site(Path("problems"), Path("out"), strict=True)
    html = (own / "out" / "index.html").read_text(encoding="utf-8")
    assert "longhand:" not in html
    assert "lh-diagram" in html
    report = verify(html[html.index("<article") :], "web", truth_of(of(ONE)))
    assert report.untrue == ()
    assert report.checked > 10


def test_a_part_can_be_in_another_notation(own: Path) -> None:
    configured(
        own, "# Home\n\n<!-- longhand: one_unit W:output_new matrix -->\n\n<!-- longhand: one_unit error matrix -->\n"
    )
    build_site(Path("problems"), Path("out"), strict=True)
    html = (own / "out" / "index.html").read_text(encoding="utf-8")
    assert "lh-matrix" in html
    worked = load_worked(ONE, "matrix")
    report = verify(html[html.index("<article") :], "web", truth_of(worked))
    assert report.untrue == ()
    assert report.checked > 5


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("<!-- longhand: nobody network -->", r"index\.md: `longhand: nobody network`: there is no problem `nobody`"),
        ("<!-- longhand: one_unit poem -->", r"index\.md: `longhand: one_unit poem`: the problem has no part `poem`"),
        ("<!-- longhand: one_unit curve -->", r"index\.md: .*curve"),
        (
            "<!-- longhand: one_unit -->",
            r"index\.md: found `<!-- longhand: one_unit -->`; expected `<!-- longhand: ID PART",
        ),
        ("  <!-- longhand: one_unit network -->", r"index\.md: found .* on a line alone"),
        ("<!--longhand one_unit network-->", r"index\.md: found `<!--longhand one_unit network-->`; expected"),
    ],
)
def test_a_wrong_directive_is_an_error_that_names_page_and_directive(directive: str, message: str, own: Path) -> None:
    configured(own, f"# Home\n\n{directive}\n")
    with pytest.raises(LonghandError, match=message):
        build_site(Path("problems"), Path("out"))
    assert not (own / "out").exists()


def test_a_mistake_in_the_configuration_is_one_error(own: Path) -> None:
    configured(own)
    text = (own / "mkdocs.yml").read_text(encoding="utf-8")
    (own / "mkdocs.yml").write_text(text.replace("name: material", "name: no_such_theme"), encoding="utf-8")
    with pytest.raises(PublishError, match=r"the site could not be built: .*no_such_theme"):
        build_site(Path("problems"), Path("out"))


def test_a_dead_link_is_an_error_where_it_is_strict(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configured(own, "# Home\n\n[away](nowhere.md)\n")
    with pytest.raises(PublishError, match="the site could not be built: Aborted with 1 warnings in strict mode"):
        build_site(Path("problems"), Path("out"), strict=True)
    assert "WARNING: Doc file 'index.md' contains a link 'nowhere.md'" in capsys.readouterr().err


# --- whatever an author writes is a text ---


def test_an_authors_words_are_literal_everywhere_on_the_page(own: Path) -> None:
    title = """Loss < 1 & <b>bold</b> "q" {{ 7*7 }} </script><script>alert(1)</script>"""
    introduction = '<math><mi>x</mi></math> <span data-lh="0"></span> <svg></svg> &amp; {: .c } [a](b)\n\n```\nfence'
    definition = ONE.read_text(encoding="utf-8")
    definition = re.sub(r"(?m)^title:.*$", lambda _: f"title: {json.dumps(title)}", definition)
    definition = re.sub(r"(?m)^introduction:.*$", lambda _: f"introduction: {json.dumps(introduction)}", definition)
    (own / "problems" / "one_unit.yml").write_text(definition, encoding="utf-8")
    build_site(Path("problems"), Path("out"), strict=True)
    for page in sorted((own / "out" / "problems").rglob("*.html")):
        html = page.read_text(encoding="utf-8")
        assert "<script>alert" not in html, page
        assert "<b>bold" not in html, page
        assert "{{ 7*7 }}" in "".join(read(page).words), page
        assert '<span data-lh="' not in html, page
        assert title in "".join(read(page).words), page
    code = "".join(read(own / "out" / "problems" / "one_unit" / "index.html").words)
    assert '<math><mi>x</mi></math> <span data-lh=\\"0\\"></span> <svg></svg> &amp;' in code, (
        "in the definition's listing"
    )


def test_homework_sets_have_a_page_that_leads_to_each(site: Path) -> None:
    """And each is in the navigation, by title; the numbers in a certificate's headings are in the list of contents."""
    page = (site / "problems" / "sets" / "index.html").read_text(encoding="utf-8")
    titles = sorted(
        load_set(path).homework.text(load_set(path).homework.title) for path in find_sets(ROOT / "problems")
    )
    places = [page.index(f"<strong>{title}</strong>") for title in titles]
    assert places == sorted(places)
    for path in find_sets(ROOT / "problems"):
        assert f'href="{path.stem}/"' in page
        own = (site / "problems" / "sets" / path.stem / "index.html").read_text(encoding="utf-8")
        contents = " ".join(re.sub(r"<[^>]+>", " ", own[own.index("Table of contents") :]).split())
        assert re.search(r"Problem 1: [^(]+ \(\d+ points\)", contents)
