"""Guidelines: read, published, loaded from files, and looked up for tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from time import monotonic
from uuid import uuid4

from oa_graph import graph
from oa_graph.context import Context
from oa_graph.domain.tasks import Guideline, GuidelineSummary, TaskKind
from oa_graph.errors import GuidelineNotFound, InvalidGuideline, InvalidGuidelineFile
from oa_graph.graph.session import KeyTaken
from oa_graph.policy import guidelines as policy

_RIVALS = 20
"""How often to publish again after another process was quicker."""

SHIPPED = files("oa_graph") / "guideline_texts"
"""The folder of the texts that come with the program."""


class Guidelines:
    """The guidelines of a collection: texts for each kind of task and language, in versions that never change."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: policy.Guidelines | None = None
        self._known_until = 0.0

    async def current(self) -> list[GuidelineSummary]:
        """Return the newest version of each guideline, by kind and language."""
        return await graph.guidelines.current(self._context.store, TaskKind)

    async def get(self, id: str) -> Guideline:
        """Return one version. Raise GuidelineNotFound."""
        return await graph.guidelines.guideline(self._context.store, id)

    async def find(self, kind: str, lang: str) -> Guideline:
        """Return the newest version for a kind and exactly this language. Raise GuidelineNotFound, InvalidGuideline."""
        key = policy.checked_kind(kind), policy.checked_lang(lang)
        summary = policy.by_kind_and_language(await self.current()).get(key)
        if summary is None:
            raise GuidelineNotFound(id=" ".join(key))
        return await self.get(summary.id)

    async def publish(self, kind: str, lang: str, text: str) -> Guideline:
        """Make a text the current guideline of a kind and language; return it. The same text again makes no version.

        Other processes show it within `guidelines_cache_sec`. Raise InvalidGuideline.
        """
        kind, lang, text = policy.checked_kind(kind), policy.checked_lang(lang), policy.checked_text(text)
        for _ in range(_RIVALS):
            with suppress(KeyTaken):
                return await self._publish(kind, lang, text)
        return await self._publish(kind, lang, text)

    async def _publish(self, kind: TaskKind, lang: str, text: str) -> Guideline:
        short, now = policy.short(text), self._context.clock()
        guideline = await graph.guidelines.publish(
            self._context.store, id=str(uuid4()), kind=kind, lang=lang, short=short, text=text, now=now
        )
        self._known_until = 0.0
        return guideline

    async def load(self, folder: Path | None = None) -> list[Guideline]:
        """Publish the files `<lang>/<kind>.md` of a folder; without one, the texts that come with the program.

        All files are read and checked before the first is published. Raise InvalidGuidelineFile, or OSError.
        """
        texts = list(_texts(folder or SHIPPED))
        if not texts:
            raise InvalidGuidelineFile(file=folder, why="holds no files <lang>/<kind>.md")
        return [await self.publish(kind, lang, text) for lang, kind, text in texts]

    async def for_tasks_in(self, lang: str) -> Mapping[TaskKind, GuidelineSummary]:
        """Return the guideline that tasks of each kind show in a language: in this one, its base, or English.

        What is current is read once in `guidelines_cache_sec`.
        """
        return policy.for_tasks_in(lang, await self._cached())

    async def _cached(self) -> policy.Guidelines:
        known = self._known
        if known is not None and monotonic() < self._known_until:
            return known
        # Of an expired cache one request reads anew; others use what is known meanwhile.
        self._known_until = monotonic() + self._context.guidelines_cache_sec
        try:
            self._known = known = policy.by_kind_and_language(await self.current())
        except BaseException:
            self._known_until = 0.0
            raise
        return known


def _texts(folder: Path | Traversable) -> Iterator[tuple[str, str, str]]:
    """Language, kind and text of each file of a folder, in order. Raise InvalidGuidelineFile."""
    for language in _sorted(folder):
        if not language.is_dir():
            continue
        for file in _sorted(language):
            kind, dot, suffix = file.name.rpartition(".")
            if not dot or suffix != "md":
                continue
            try:
                text = policy.checked_text(file.read_text("utf-8"))
                policy.checked_kind(kind)
                policy.checked_lang(language.name)
            except (InvalidGuideline, UnicodeDecodeError) as error:
                raise InvalidGuidelineFile(file=file, why=error) from error
            yield language.name, kind, text


def _sorted(folder: Path | Traversable) -> list[Path | Traversable]:
    return sorted(folder.iterdir(), key=lambda entry: entry.name)
