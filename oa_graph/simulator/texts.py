"""The texts of bots, and how bots rate them.

The quality of a text follows from the text alone, so all bots agree on it. It grows with the number of sentences and
list steps. A small part follows from the hash of the text and separates texts of equal length. Spam is short and loud.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from random import Random

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Phrases:
    """The sentences of one language. Each ends with a punctuation mark, so that sentences can be counted.

    `{topic}` stands for a word of the thread, `{thing}` for one of `things`.
    """

    openers: tuple[str, ...]
    """First sentences of an assistant's reply."""
    points: tuple[str, ...]
    """Sentences of an assistant's reply; a reply has several of them."""
    examples: tuple[str, ...]
    closings: tuple[str, ...]
    reactions: tuple[str, ...]
    """First sentences of a prompter's reply."""
    questions: tuple[str, ...]
    """Last sentences of a prompter's reply."""
    details: tuple[str, ...]
    """What a prompter tells about themselves."""
    frames: tuple[str, ...]
    """First prompts about a `{thing}`."""
    things: tuple[str, ...]
    wishes: tuple[str, ...]
    """How the answer to a first prompt should look."""
    gap: str = " "
    """Separator of sentences."""


@dataclass(frozen=True, slots=True)
class _TextData:
    """The content of `phrases.json`."""

    names: tuple[str, ...]
    """Display names of users."""
    worthless: tuple[str, ...]
    """Words of spam. Spam is short and ends with `!!!`, so that all bots recognize it."""
    dull: frozenset[str]
    """Long words that say nothing about a topic."""
    phrases: Mapping[str, Phrases]
    """By language."""


_DATA = TypeAdapter(_TextData).validate_json((resources.files("oa_graph.simulator") / "phrases.json").read_bytes())
NAMES, WORTHLESS, DULL, PHRASES = _DATA.names, _DATA.worthless, _DATA.dull, _DATA.phrases

_SENTENCE = re.compile(r"[^.!?。！？؟।\n]+")
_STEP = re.compile(r"^(?:\d+\.|[-•]) ", re.MULTILINE)
_JAPANESE_NOUN = re.compile(r"[\u30a0-\u30ff]{2,}|[\u4e00-\u9fff]{2,}")
_EDGES = "\"'.,:;!?()[]“”„«»‘’。、「」؟،।…-–0123456789"
_SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}

MAX_TOPIC = 40
"""Maximum length of a topic in characters."""


def quality(text: str) -> float:
    """Return how good a text is, in [0, 1]; spam is below 0.05."""
    individual = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
    if is_worthless(text):
        return 0.05 * individual
    sentences = sum(1 for part in _SENTENCE.findall(text) if len(part.strip()) >= 5)
    steps = len(_STEP.findall(text))
    return min(1.0, 0.1 + 0.08 * min(sentences, 8) + 0.04 * min(steps, 4) + 0.1 * individual)


def is_worthless(text: str) -> bool:
    """Return whether a text is spam: it shouts, or has fewer than 12 letters (5 in scripts without spaces)."""
    letters = sum(unicodedata.category(character)[0] in "LMN" for character in text)
    return "!!!" in text or letters < (5 if _SCRIPTS["ja"].search(text) else 12)


def is_foreign(text: str, lang: str) -> bool:
    """Return whether a text is in another script than its language. Unknown scripts pass."""
    primary = lang.split("-")[0]
    if primary in _SCRIPTS:
        return not _SCRIPTS[primary].search(text)
    return primary in PHRASES and any(script.search(text) for script in _SCRIPTS.values())


def find_topic(text: str, lang: str) -> str:
    """Return the longest word of a text that is not dull, the first of equals; never empty."""
    japanese = lang.startswith("ja")
    words = _JAPANESE_NOUN.findall(text) if japanese else [word.strip(_EDGES) for word in text.split()]
    candidates = [word for word in words if word.lower() not in DULL]
    return max(candidates, key=len, default="")[:MAX_TOPIC] or "…"


class Writer:
    """Writes the texts of one bot. No text comes twice. Equal seeds and calls give equal texts.

    Languages without phrases are written in English.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._written: set[str] = set()

    def prompt(self, lang: str) -> str:
        """Return an initial prompt."""
        phrases = _phrases(lang)
        return self._unique(lambda: self._prompt(phrases), phrases)

    def answer(self, prompt: str, lang: str) -> str:
        """Return an assistant's reply in a thread that began with `prompt`: a few sentences, or a list."""
        phrases, topic = _phrases(lang), find_topic(prompt, lang)
        return self._unique(lambda: self._answer(phrases, topic), phrases)

    def follow_up(self, prompt: str, lang: str) -> str:
        """Return a prompter's reply in a thread that began with `prompt`; it ends with a question."""
        phrases, topic = _phrases(lang), find_topic(prompt, lang)
        return self._unique(lambda: self._follow_up(phrases, topic), phrases)

    def spam(self) -> str:
        """Return a spam text."""
        words = self._rng.sample(WORTHLESS, 2)
        return self._unique(lambda: f"{' '.join(words)} {self._rng.randrange(1000)}!!!", _phrases("en"))

    def _prompt(self, phrases: Phrases) -> str:
        pick = self._rng.choice
        return phrases.gap.join([pick(phrases.frames).format(thing=pick(phrases.things)), pick(phrases.wishes)])

    def _answer(self, phrases: Phrases, topic: str) -> str:
        rng = self._rng
        effort = rng.randrange(4)
        opener = rng.choice(phrases.openers).format(topic=topic)
        points = rng.sample(phrases.points, effort + rng.randrange(1, 3))
        ends = [rng.choice(phrases.examples)] if effort == 3 else []
        ends += [rng.choice(phrases.closings)] if effort >= 1 else []
        if effort < 2:
            return phrases.gap.join([opener, *points, *ends])
        mark = rng.choice(("{}.", "-", "•"))
        steps = [f"{mark.format(place)} {point}" for place, point in enumerate(points, start=1)]
        return "\n".join([opener, "", *steps, "", phrases.gap.join(ends)])

    def _follow_up(self, phrases: Phrases, topic: str) -> str:
        rng = self._rng
        effort = rng.randrange(3)
        parts = [rng.choice(phrases.reactions)] if effort >= 1 or rng.random() < 0.5 else []
        parts += [rng.choice(phrases.details)] if effort == 2 else []
        return phrases.gap.join([*parts, rng.choice(phrases.questions)]).format(topic=topic)

    def _unique(self, write: Callable[[], str], phrases: Phrases) -> str:
        """Return a text that differs from all before. After 20 attempts a number in brackets is added."""
        text = write()
        for _ in range(20):
            if text not in self._written:
                break
            text = write()
        else:
            text = f"{text}{phrases.gap}({len(self._written)})"
        self._written.add(text)
        return text


def _phrases(lang: str) -> Phrases:
    return PHRASES.get(lang.split("-")[0], PHRASES["en"])
