"""The MkDocs plugin: problem definitions become virtual pages and downloads of the site.

Hand-written pages may take in generated parts with a line `<!-- longhand: ID PART -->`, where PART is `network`,
`curve`, `source` (the definition), the name of a quantity, or a section's code (`forward`, `error`, `gradients`, ...),
with `/LAYER` where it has one. A third word names a notation (`<!-- longhand: ID PART NOTATION -->`).
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from mkdocs.config import config_options
from mkdocs.config.base import Config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page as MkDocsPage

from generator import resources
from generator.errors import LonghandError, PublishError, RenderError
from generator.publish.elements import Page, restored, stash
from generator.publish.gallery import by_topic, overviews
from generator.publish.pages import Generated, forget, generate
from generator.publish.parts import part
from generator.publish.progress import progress
from generator.publish.set_pages import forget_sets, generate_sets
from generator.render.formats import forget_templates
from generator.render.language import load_words

_PART = re.compile(r"^<!-- longhand: (\S+) (\S+)(?: (\S+))? -->$", re.MULTILINE)
_STRAY = re.compile(r"^[ \t]*<!--\s*longhand\b.*", re.MULTILINE)  # what was meant as one and is none


class LonghandConfig(Config):
    """The plugin's settings."""

    problems = config_options.Type(str, default="problems")


class Download(File):
    """A file that is served as it is: MkDocs would make a page of every Markdown file."""

    def is_documentation_page(self) -> bool:
        """No, whatever it is called."""
        return False


class LonghandPlugin(BasePlugin[LonghandConfig]):
    """Works the problems once per build and hands their pages to MkDocs."""

    made: tuple[Generated, ...] = ()
    sets: tuple[Generated, ...] = ()
    pages: dict[str, Page]
    _templates: tuple[tuple[str, int], ...] = ()

    def folder(self, config: MkDocsConfig) -> Path:
        """The folder of problem definitions, relative to the configuration file."""
        base = Path(config.config_file_path).parent if config.config_file_path else Path()
        return base / self.config.problems

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """Nothing; but a plugin that has this method is kept from one build of `serve` to the next."""

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Work the problems, and put their pages into the navigation where `problems/index.md` stands."""
        templates = _state(resources.template_folders())
        if templates != self._templates:
            forget_templates()
            forget()
            forget_sets()
            self._templates = templates
        try:
            with progress() as report:
                self.made = generate(self.folder(config), report)
                self.sets = generate_sets(self.folder(config), report)
        except LonghandError as error:
            raise PluginError(f"longhand: {error}") from error
        self.pages = {
            page.path: page
            for page in (
                *overviews(self.folder(config), self.made, self.sets),
                *(p for one in (*self.made, *self.sets) for p in one.pages),
            )
        }
        if config.nav is not None:
            config.nav = [self._navigation(item, self.folder(config)) for item in config.nav]
        return config

    def _navigation(self, item: Any, folder: Path) -> Any:
        if isinstance(item, dict) and list(item.values()) == ["problems/index.md"]:
            (title,) = item
            listed: list[Any] = ["problems/index.md"]
            for topic, ones in by_topic(folder, self.made):
                problems = [{escape(one.title): [{page.title: page.path} for page in one.pages]} for one in ones]
                listed += [{escape(topic): problems}] if topic else problems
            if self.sets:
                by_title = sorted(self.sets, key=lambda one: one.title)
                sets = [{escape(one.title): page.path} for one in by_title for page in one.pages]
                listed.append({escape(load_words("en")("sets.sets")): ["problems/sets/index.md", *sets]})
            return {title: listed}
        return item

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the generated pages and downloads."""
        for page in self.pages.values():
            files.append(File.generated(config, page.path, content=page.text))
        for one in (*self.made, *self.sets):
            for download in one.downloads:
                path = f"problems/{one.id}/files/{download.path}"
                files.append(Download.generated(config, path, content=download.content))
        return files

    def on_page_markdown(self, markdown: str, *, page: MkDocsPage, config: MkDocsConfig, files: Files) -> str:
        """Take generated parts into a hand-written page."""
        if not (_PART.search(markdown) or _STRAY.search(markdown)):
            return markdown
        try:
            text = _PART.sub(lambda match: part(self.folder(config), *match.groups()), markdown)
            if stray := _STRAY.search(text):
                raise RenderError(f"found `{stray[0].strip()}`; expected `<!-- longhand: ID PART -->` on a line alone")
        except LonghandError as error:
            told = RenderError(f"{page.file.src_uri}: {error}")
            raise PluginError(str(told)) from told
        self.pages[page.file.src_uri] = stash(page.file.src_uri, page.title or "", text)
        return self.pages[page.file.src_uri].text

    def on_post_page(self, output: str, *, page: MkDocsPage, config: MkDocsConfig) -> str:
        """Put mathematics and drawings back, now that Markdown and the search index are done."""
        made = self.pages.get(page.file.src_uri)
        try:
            return restored(output, made) if made else output
        except PublishError as error:
            raise PluginError(f"longhand: {error}") from error

    def on_serve(self, server: Any, *, config: MkDocsConfig, builder: Any) -> Any:
        """Reload when a definition or a template changes."""
        for folder in (self.folder(config), *resources.template_folders()):
            server.watch(str(folder))
        return server


def _state(folders: tuple[Path, ...]) -> tuple[tuple[str, int], ...]:
    """Which templates there are, and when each was changed."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return tuple((str(path), path.stat().st_mtime_ns) for path in paths)
