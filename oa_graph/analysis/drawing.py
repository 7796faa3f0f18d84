"""A tree as a picture: where each post stands, and the SVG of it.

The layout is a tidy one after Reingold and Tilford: posts of one depth stand on one level, below what they answer;
replies stand in the order of their ranks, as close together as their subtrees allow; a parent stands in the middle
above them. The same posts give the same picture, to the byte.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from html import escape

from oa_graph.domain.posts import Post, Role
from oa_graph.plural import counted

WIDTH = 210.0
"""Of a box; all lengths are pixels."""
GAP, LEVEL_GAP, EDGE = 22.0, 58.0, 16.0
"""Between boxes side by side, between levels, around the whole."""
_PAD, _HEAD, _LINE, _FONT = 12.0, 26.0, 17.0, 13.0
_SPACE = 0.4 * _FONT
_BEND = 10.0
"""Radius of the corners of an edge."""

_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Box:
    """One post in its place; `x` and `y` are its upper left corner."""

    post: Post
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    """The text, wrapped and cut."""
    above: str | None
    """The id of the post that it answers, if that is in the picture."""
    best: bool
    """Whether it is on the best thread."""

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def foot(self) -> float:
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Layout:
    """All boxes, parents before their replies and these in the order of their ranks."""

    boxes: tuple[Box, ...]
    width: float
    height: float


def in_order(posts: Iterable[Post]) -> dict[str | None, list[Post]]:
    """Return the replies to each post by its id: best first, unranked last, then by age. None: posts without parent."""
    known = {post.id: post for post in posts}
    replies: dict[str | None, list[Post]] = {None: []}
    for post in sorted(known.values(), key=_order):
        replies.setdefault(post.parent if post.parent in known and post.parent != post.id else None, []).append(post)
    return replies


def _order(post: Post) -> tuple[bool, int, datetime, str]:
    return post.rank is None, post.rank or 0, post.created or _FIRST, post.id


def best_thread(posts: Iterable[Post]) -> list[Post]:
    """Return the posts from the root along the best accepted reply at each step.

    Ends where nobody ranked several replies: none of them is the best.
    """
    below = in_order(posts)
    thread: list[Post] = []
    candidates = below[None][:1]
    while candidates:
        thread.append(candidates[0])
        standing = [reply for reply in below.get(thread[-1].id, []) if reply.accepted and not reply.deleted]
        ranked = [reply for reply in standing if reply.rank is not None]
        candidates = ranked or (standing if len(standing) == 1 else [])
    return thread


def layout(posts: Sequence[Post], *, max_lines: int = 5) -> Layout:
    """Place the posts of one tree; each text gets at most `max_lines` lines."""
    below = in_order(posts)
    order = list(_walk(below))
    level = {post.id: depth for post, _, depth in order}
    best = {post.id for post in best_thread(posts)}
    lines = {post.id: wrapped(post.text, WIDTH - 2 * _PAD, max_lines) for post, _, _ in order}
    tops, height = _levels(level, lines)
    left = _columns(below, [post for post, _, _ in order])
    leftmost = min(left.values(), default=0.0)
    boxes = tuple(
        Box(
            post=post,
            x=round(left[post.id] - leftmost + EDGE, 2),
            y=tops[depth],
            width=WIDTH,
            height=_height(lines[post.id]),
            lines=lines[post.id],
            above=above,
            best=post.id in best,
        )
        for post, above, depth in order
    )
    return Layout(boxes, max((box.x + box.width for box in boxes), default=0.0) + EDGE, height)


def walk(posts: Iterable[Post]) -> Iterator[tuple[Post, str | None, int]]:
    """Yield each post with its parent's id and its depth: parents first, best replies first."""
    return _walk(in_order(posts))


def _walk(below: Mapping[str | None, Sequence[Post]]) -> Iterator[tuple[Post, str | None, int]]:
    waiting: list[tuple[Post, str | None, int]] = [(post, None, 0) for post in reversed(below[None])]
    while waiting:
        post, above, depth = waiting.pop()
        yield post, above, depth
        waiting += [(reply, post.id, depth + 1) for reply in reversed(below.get(post.id, []))]


def _height(lines: Sequence[str]) -> float:
    return _HEAD + _LINE * max(1, len(lines)) + _PAD


def _levels(level: Mapping[str, int], lines: Mapping[str, Sequence[str]]) -> tuple[list[float], float]:
    """Return where each level begins, and where the last one ends. A level is as high as its highest box."""
    heights = [0.0] * (max(level.values(), default=-1) + 1)
    for id, depth in level.items():
        heights[depth] = max(heights[depth], _height(lines[id]))
    tops: list[float] = []
    y = EDGE
    for height in heights:
        tops.append(y)
        y += height + LEVEL_GAP
    return tops, (y - LEVEL_GAP if tops else y) + EDGE


def _columns(below: Mapping[str | None, Sequence[Post]], order: Sequence[Post]) -> dict[str, float]:
    """Return the left side of each box."""
    shift: dict[str, float] = {}  # against its parent
    outline: dict[str, list[tuple[float, float]]] = {}  # of its subtree: left and right end on each level below it
    for post in reversed(order):
        replies = below.get(post.id, [])
        shifts, merged = _packed([outline.pop(reply.id) for reply in replies])
        middle = (shifts[0] + shifts[-1]) / 2 if shifts else 0.0
        shift.update({reply.id: offset - middle for reply, offset in zip(replies, shifts, strict=True)})
        outline[post.id] = [(0.0, WIDTH), *((low - middle, high - middle) for low, high in merged)]
    roots = below[None]
    shifts, _ = _packed([outline[root.id] for root in roots])
    left = {root.id: offset for root, offset in zip(roots, shifts, strict=True)}
    for post in order:
        for reply in below.get(post.id, []):
            left[reply.id] = left[post.id] + shift[reply.id]
    return left


def _packed(outlines: Sequence[list[tuple[float, float]]]) -> tuple[list[float], list[tuple[float, float]]]:
    """Return how far each subtree moves right to clear those before it, and the outline of all."""
    shifts: list[float] = []
    merged: list[tuple[float, float]] = []
    for outline in outlines:
        by = max((high + GAP - low for (_, high), (low, _) in zip(merged, outline, strict=False)), default=0.0)
        shifts.append(by)
        moved = [(low + by, high + by) for low, high in outline]
        merged = [
            *((low, high) for (low, _), (_, high) in zip(merged, moved, strict=False)),
            *merged[len(moved) :],
            *moved[len(merged) :],
        ]
    return shifts, merged


# Texts

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINER = "\u200d"


@lru_cache(maxsize=1024)
def legible(text: str) -> str:
    """Return a text without control characters and without characters that change the direction of text around it."""
    return "".join(map(_legible_character, text))


@lru_cache(maxsize=4096)
def _legible_character(character: str) -> str:
    if character in _BIDI_CONTROLS:
        return ""
    if character in "\n\t\r\u2028\u2029\x85":
        return " " if character != "\n" else "\n"
    if unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is written from right to left."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "R" | "AL":
                return True
            case "L":
                return False
            case _:
                continue
    return False


@lru_cache(maxsize=1024)
def wrapped(text: str, width: float, max_lines: int) -> tuple[str, ...]:
    """Return the first lines of a text, each at most `width` pixels wide; `…` marks a cut."""
    lines: list[str] = []
    line, used = "", 0.0
    for word in legible(text).split():
        for part in _parts(word, width):
            long = _text_width(part)
            if line and used + _SPACE + long <= width:
                line, used = f"{line} {part}", used + _SPACE + long
                continue
            if line:
                lines.append(line)
            line, used = part, long
        if len(lines) > max_lines:
            break
    if line:
        lines.append(line)
    if len(lines) <= max_lines:
        return tuple(lines)
    return (*lines[: max_lines - 1], _ellipsized(lines[max_lines - 1], width))


def _ellipsized(line: str, width: float) -> str:
    clusters = list(_clusters(line))
    while clusters and _text_width("".join(clusters)) + _text_width("…") > width:
        clusters.pop()
    return "".join(clusters).rstrip() + "…"


def _parts(word: str, width: float) -> Iterator[str]:
    """Yield a word, in pieces if it is wider than a line."""
    if _text_width(word) <= width:
        yield word
        return
    part, used = "", 0.0
    for cluster in _clusters(word):
        wide = _text_width(cluster)
        if part and used + wide > width:
            yield part
            part, used = "", 0.0
        part, used = part + cluster, used + wide
    if part:
        yield part


def _clusters(text: str) -> Iterator[str]:
    """Yield characters with their marks, and emojis with their parts."""
    cluster = ""
    for character in text:
        if cluster and (_is_mark(character) or cluster.endswith(_JOINER)) and len(cluster) < 16:
            cluster += character
        else:
            if cluster:
                yield cluster
            cluster = character
    if cluster:
        yield cluster


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    skin = 0x1F3FB <= ord(character) <= 0x1F3FF
    return skin or character == _JOINER or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _text_width(text: str) -> float:
    """Return an upper estimate of the width of a text, since the reader's fonts are unknown."""
    return _FONT * sum(map(_character_width, text))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> float:
    if character in "iljtfI.,:;'|!()[] ":
        return 0.4
    if character in "mwMW@%—…":
        return 1.0
    match unicodedata.category(character):
        case "Mn" | "Me" | "Cf":
            return 0.0
        case "Lu":
            return 0.75
        case "So":
            return 1.4
        case _:
            return 1.1 if unicodedata.east_asian_width(character) in "WF" else 0.62


# The picture

_STYLE = """
.oa-tree text{font-family:system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Liberation Sans",sans-serif}
@media screen and (prefers-color-scheme:dark){
.oa-tree .paper{fill:#15191e}
.oa-tree .text{fill:#e8eaed}
.oa-tree .soft{fill:#aab2bb}
.oa-tree .edge{stroke:#68737e}
.oa-tree .prompter{fill:#15314a;stroke:#56a5e0}
.oa-tree .assistant{fill:#3a2c12;stroke:#d9a238}
.oa-tree .best{stroke:#3fc59b}
.oa-tree .badge{fill:#3fc59b;stroke:#15191e}
.oa-tree .other{fill:#8b97a3;stroke:#15191e}
.oa-tree .number{fill:#10151a}
.oa-tree .bad{fill:#ff9a6b}
}
"""
"""Colours of the dark; those of the light stand on the shapes, for readers of SVG that know no style sheets."""

_FILLS = {Role.PROMPTER: ("#e3f0fa", "#0072b2"), Role.ASSISTANT: ("#fdf1d8", "#b47800")}
_INK, _SOFT, _GREY, _BEST, _BAD = "#1b1f24", "#57606a", "#8c959f", "#007a5a", "#b83a00"


MARKS = ("deleted", "under review", "rejected", "model", "end")
"""What `marks` may say."""


@dataclass(frozen=True, slots=True)
class InPage:
    """How a drawing is part of a page of the service, which has styles and a language of its own."""

    link: Callable[[Post], str]
    """The address that a box leads to."""
    selected: str | None = None
    """The id of the post that the page shows beside the drawing."""
    text: Callable[[str], str] = str
    """A word or sentence in the language of the page."""


def marks(post: Post) -> list[str]:
    """Return words on the status and the origin of a post."""
    words: list[str] = []
    if post.deleted:
        words.append("deleted")
    if post.accepted is None:
        words.append("under review")
    elif not post.accepted:
        words.append("rejected")
    if post.synthetic:
        words.append("model")
    if post.ended:
        words.append("end")
    return words


def svg(posts: Sequence[Post], *, name: str = "tree", max_lines: int = 5, page: InPage | None = None) -> str:
    """Return the drawing of one tree, as a document or as part of a page.

    `name` stands in the ids of the picture, so that several can be in one page. With `page` the boxes are links, and
    the style sheet of the page gives the colours.
    """
    text = page.text if page else str
    placed = layout(posts, max_lines=max_lines)
    boxes = {box.post.id: box for box in placed.boxes}
    answered = {box.above for box in placed.boxes}
    key = escape(legible(name), quote=True)
    width, height = _number(placed.width), _number(placed.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="oa-tree" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="{"group" if page else "img"}" '
        f'aria-labelledby="{key}-title {key}-desc">',
        f'<title id="{key}-title">{escape(_title(posts, text))}</title>',
        f'<desc id="{key}-desc">{escape(text(READING) if page else _description(placed))}</desc>',
        *([] if page else [f"<style>{_STYLE}</style>"]),
        f'<rect class="paper" width="{width}" height="{height}" fill="#ffffff"/>',
        # The best thread last, so that it lies above the others.
        *(line for box in sorted(placed.boxes, key=_is_best) if box.above for line in _edge(boxes[box.above], box)),
        *(line for box in placed.boxes for line in _box(box, margin=box.post.id in answered, page=page)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _is_best(box: Box) -> bool:
    return box.best


def _title(posts: Sequence[Post], text: Callable[[str], str]) -> str:
    roots = in_order(posts)[None]
    prompt = wrapped(roots[0].text, 600, 1) if roots else ()
    return f"{text(TITLE)}: {prompt[0]}" if prompt else text(TITLE)


TITLE = "Conversation tree"
READING = "Replies stand below, the best on the left."


def _description(placed: Layout) -> str:
    count = len(placed.boxes)
    ranked = sum(box.post.rank is not None for box in placed.boxes)
    best = sum(box.best for box in placed.boxes)
    posts = f"{counted(count, 'post')}, {ranked} of them ranked, {best} on the best thread"
    return f"{posts}. {READING}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _edge(above: Box, box: Box) -> Iterator[str]:
    x, to_x, half = above.middle, box.middle, box.y - 24
    bend = min(_BEND, abs(to_x - x) / 2)
    aside = bend if to_x > x else -bend
    path = (
        f"M{_number(x)} {_number(above.foot)}V{_number(half - bend)}"
        f"Q{_number(x)} {_number(half)} {_number(x + aside)} {_number(half)}H{_number(to_x - aside)}"
        f"Q{_number(to_x)} {_number(half)} {_number(to_x)} {_number(half + bend)}V{_number(box.y)}"
    )
    look = f'class="edge best" stroke="{_BEST}" stroke-width="3"' if box.best else f'class="edge" stroke="{_GREY}"'
    yield f'<path d="{path}" fill="none" {look}/>'


def _box(box: Box, *, margin: bool, page: InPage | None) -> Iterator[str]:
    post = box.post
    text = page.text if page else str
    role = text(post.role.value)
    fill, stroke = _FILLS[post.role]
    dashes = ' stroke-dasharray="6 4"' if post.deleted or post.accepted is None or not post.accepted else ""
    best = f' class="{post.role.value} best" stroke="{_BEST}" stroke-width="3"'
    look = best if box.best else f' class="{post.role.value}" stroke="{stroke}"'
    if page:
        current = ' aria-current="true"' if post.id == page.selected else ""
        yield f'<a href="{escape(page.link(post), quote=True)}" data-post="{escape(post.id, quote=True)}"{current}>'
    yield "<g>"
    content = " ".join(legible(post.text).split())[:600]
    yield f"<title>{escape(f'{role}: {content}' if page else content)}</title>"
    yield (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" height="{_number(box.height)}" '
        f'rx="8" fill="{fill}"{look}{dashes}/>'
    )
    x, y = box.x + _PAD, box.y + 18
    words = [text(word) for word in marks(post)]
    bad = f'<tspan class="bad" fill="{_BAD}" font-weight="600"> · {escape(", ".join(words))}</tspan>' if words else ""
    yield _text(x, y, "soft", _SOFT, f"{escape(role)}{bad}", size=11)
    yield from _lines(box, text(NO_TEXT))
    if post.rank is not None:
        yield from _badge(box, post.rank)
    if margin and post.margin is not None:
        voters = text(MARGIN_OF_ONE if post.margin == 1 else MARGIN).format(post.margin)
        yield _text(box.middle + 8, box.foot + 15, "soft", _SOFT, escape(voters), size=11)
    yield "</g>"
    if page:
        yield "</a>"


NO_TEXT = "(no text)"
MARGIN_OF_ONE, MARGIN = "margin {} voter", "margin {} voters"


def _lines(box: Box, empty: str) -> Iterator[str]:
    struck = ' text-decoration="line-through"' if box.post.deleted else ""
    turned = is_right_to_left(box.post.text)
    x = box.x + box.width - _PAD if turned else box.x + _PAD
    direction = ' direction="rtl"' if turned else ""
    for number, line in enumerate(box.lines or (empty,)):
        y = box.y + _HEAD + _LINE * number + _FONT
        yield _text(x, y, "text", _INK, escape(line), size=_FONT, attributes=f"{direction}{struck}")


def _badge(box: Box, rank: int) -> Iterator[str]:
    """Yield a disc on the upper right corner; 1 is the best."""
    x, y = box.x + box.width - 2, box.y + 2
    fill, kind = (_BEST, "badge") if rank == 0 else (_SOFT, "other")
    yield f'<circle class="{kind}" cx="{_number(x)}" cy="{_number(y)}" r="12" fill="{fill}" stroke="#ffffff"/>'
    centred = ' text-anchor="middle" font-weight="700"'
    yield _text(x, y + 4, "number", "#ffffff", str(rank + 1), size=12, attributes=centred)


def _text(x: float, y: float, kind: str, colour: str, content: str, *, size: float, attributes: str = "") -> str:
    """Return a line of text; `content` is escaped already."""
    at = f'x="{_number(x)}" y="{_number(y)}"'
    return f'<text {at} class="{kind}" fill="{colour}" font-size="{_number(size)}"{attributes}>{content}</text>'
