"""What bots write and how they judge it: quality lies in the text itself, so that bots agree without talking.

A text is better the more it says: sentences, steps of a list. A small part that follows from the hash of the
text sets equal efforts apart, the same way for everybody. Worthless texts are known by being short and loud.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from random import Random

from .phrases import DULL, PHRASES, WORTHLESS, Phrases

_SENTENCE = re.compile(r"[^.!?。！？؟।\n]+")
_STEP = re.compile(r"^(?:\d+\.|[-•]) ", re.MULTILINE)
_JAPANESE_NOUN = re.compile(r"[\u30a0-\u30ff]{2,}|[\u4e00-\u9fff]{2,}")
_EDGES = "\"'.,:;!?()[]“”„«»‘’。、「」؟،।…-–0123456789"
_SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}

LONGEST_TOPIC = 40
"""Characters of a thread's word that is taken up in an answer."""


def merit(text: str) -> float:
    """How good a text is, in [0, 1]: the same for everybody who looks. Worthless ones are below 0.05."""
    own = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) / 2**32
    if is_worthless(text):
        return 0.05 * own
    sentences = sum(1 for part in _SENTENCE.findall(text) if len(part.strip()) >= 5)
    steps = len(_STEP.findall(text))
    return min(1.0, 0.1 + 0.08 * min(sentences, 8) + 0.04 * min(steps, 4) + 0.1 * own)


def is_worthless(text: str) -> bool:
    """Whether a text is spam: it shouts, or has fewer than 12 letters (5 in scripts without spaces)."""
    letters = sum(unicodedata.category(character)[0] in "LMN" for character in text)
    return "!!!" in text or letters < (5 if _SCRIPTS["ja"].search(text) else 12)


def is_foreign(text: str, lang: str) -> bool:
    """Whether a text is plainly in another script than its language; scripts that we do not know pass."""
    mine = lang.split("-")[0]
    if mine in _SCRIPTS:
        return not _SCRIPTS[mine].search(text)
    return mine in PHRASES and any(script.search(text) for script in _SCRIPTS.values())


def find_topic(text: str, lang: str) -> str:
    """The word of a text that says most about it: the longest, the earliest of equals; never empty."""
    japanese = lang.startswith("ja")
    words = _JAPANESE_NOUN.findall(text) if japanese else [word.strip(_EDGES) for word in text.split()]
    telling = [word for word in words if word.lower() not in DULL]
    return max(telling, key=len, default="")[:LONGEST_TOPIC] or "…"


class Writer:
    """Writes the texts of one bot: the same random source and the same calls give the same; none comes twice.

    Languages without phrases of their own are written in English.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._written: set[str] = set()

    def prompt(self, lang: str) -> str:
        """A first prompt."""
        stock = _stock(lang)
        return self._new(lambda: self._prompt(stock), stock)

    def answer(self, prompt: str, lang: str) -> str:
        """An assistant's reply in a thread that began with `prompt`: a few sentences, or a list."""
        stock, topic = _stock(lang), find_topic(prompt, lang)
        return self._new(lambda: self._answer(stock, topic), stock)

    def follow_up(self, prompt: str, lang: str) -> str:
        """A prompter's reply in a thread that began with `prompt`; it ends with a question."""
        stock, topic = _stock(lang), find_topic(prompt, lang)
        return self._new(lambda: self._follow_up(stock, topic), stock)

    def spam(self) -> str:
        """A short text that is worth nothing."""
        words = self._rng.sample(WORTHLESS, 2)
        return self._new(lambda: f"{' '.join(words)} {self._rng.randrange(1000)}!!!", _stock("en"))

    def _prompt(self, stock: Phrases) -> str:
        pick = self._rng.choice
        return stock.gap.join([pick(stock.frames).format(thing=pick(stock.things)), pick(stock.wishes)])

    def _answer(self, stock: Phrases, topic: str) -> str:
        rng = self._rng
        effort = rng.randrange(4)
        opener = rng.choice(stock.openers).format(topic=topic)
        points = rng.sample(stock.points, effort + rng.randrange(1, 3))
        ends = [rng.choice(stock.examples)] if effort == 3 else []
        ends += [rng.choice(stock.closings)] if effort >= 1 else []
        if effort < 2:
            return stock.gap.join([opener, *points, *ends])
        mark = rng.choice(("{}.", "-", "•"))
        steps = [f"{mark.format(place)} {point}" for place, point in enumerate(points, start=1)]
        return "\n".join([opener, "", *steps, "", stock.gap.join(ends)])

    def _follow_up(self, stock: Phrases, topic: str) -> str:
        rng = self._rng
        effort = rng.randrange(3)
        parts = [rng.choice(stock.reactions)] if effort >= 1 or rng.random() < 0.5 else []
        parts += [rng.choice(stock.details)] if effort == 2 else []
        return stock.gap.join([*parts, rng.choice(stock.questions)]).format(topic=topic)

    def _new(self, write: Callable[[], str], stock: Phrases) -> str:
        """A draft unlike all before; a stock that is nearly used up is stretched by a number in brackets."""
        text = write()
        for _ in range(20):
            if text not in self._written:
                break
            text = write()
        else:
            text = f"{text}{stock.gap}({len(self._written)})"
        self._written.add(text)
        return text


def _stock(lang: str) -> Phrases:
    return PHRASES.get(lang.split("-")[0], PHRASES["en"])
