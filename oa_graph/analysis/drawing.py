"""A tree as a picture: where each post stands, and the SVG of it.

The layout is a tidy one after Reingold and Tilford: posts of one depth stand on one level, below what they answer;
replies stand in the order of their ranks, as close together as their subtrees allow; a parent stands in the middle
above them. The same posts give the same picture, to the byte.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from oa_graph.model import Post, Role
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
    """The replies to each post by its id: the best first, unranked ones last, by age. None: what answers no other."""
    known = {post.id: post for post in posts}
    found: dict[str | None, list[Post]] = {None: []}
    for post in sorted(known.values(), key=_order):
        found.setdefault(post.parent if post.parent in known and post.parent != post.id else None, []).append(post)
    return found


def _order(post: Post) -> tuple[bool, int, datetime, str]:
    return post.rank is None, post.rank or 0, post.created or _FIRST, post.id


def best_thread(posts: Iterable[Post]) -> list[Post]:
    """From the root down the best live and accepted reply each time.

    Ends where nobody ranked several replies: none of them is the best.
    """
    below = in_order(posts)
    found: list[Post] = []
    candidates = below[None][:1]
    while candidates:
        found.append(candidates[0])
        standing = [each for each in below.get(found[-1].id, []) if each.accepted and not each.deleted]
        ranked = [each for each in standing if each.rank is not None]
        candidates = ranked or (standing if len(standing) == 1 else [])
    return found


def layout(posts: Sequence[Post], *, max_lines: int = 5) -> Layout:
    """Places the posts of one tree; each text gets at most `max_lines` lines."""
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
    """Each post with the id of what it answers and its distance to the root: parents first, best replies first."""
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
    """Where each level begins, and where the last one ends: a level is as high as the highest box in it."""
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
    """The left side of each box."""
    shift: dict[str, float] = {}  # against its parent
    outline: dict[str, list[tuple[float, float]]] = {}  # of its subtree: left and right end on each level below it
    for post in reversed(order):
        replies = below.get(post.id, [])
        shifts, merged = _packed([outline.pop(reply.id) for reply in replies])
        middle = (shifts[0] + shifts[-1]) / 2 if shifts else 0.0
        shift.update({reply.id: each - middle for reply, each in zip(replies, shifts, strict=True)})
        outline[post.id] = [(0.0, WIDTH), *((low - middle, high - middle) for low, high in merged)]
    roots = below[None]
    shifts, _ = _packed([outline[root.id] for root in roots])
    left = {root.id: each for root, each in zip(roots, shifts, strict=True)}
    for post in order:
        for reply in below.get(post.id, []):
            left[reply.id] = left[post.id] + shift[reply.id]
    return left


def _packed(outlines: Sequence[list[tuple[float, float]]]) -> tuple[list[float], list[tuple[float, float]]]:
    """How far each subtree moves to the right to stand clear of those before it, and the outline of them all."""
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


def legible(text: str) -> str:
    """A text without what no document may hold, and without what turns the text around it."""
    return "".join(_shown(each) for each in text if each not in _BIDI_CONTROLS)


def _shown(character: str) -> str:
    if character in "\n\t\r\u2028\u2029\x85":
        return " " if character != "\n" else "\n"
    if unicodedata.category(character) in ("Cc", "Cs") or ord(character) & 0xFFFE == 0xFFFE:
        return "\ufffd"
    return character


def is_right_to_left(text: str) -> bool:
    """By its first letter that has a direction."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "R" | "AL":
                return True
            case "L":
                return False
            case _:
                continue
    return False


def wrapped(text: str, width: float, max_lines: int) -> tuple[str, ...]:
    """The first lines of a text, each at most so many pixels wide; `…` where there is more."""
    lines: list[str] = []
    line, used = "", 0.0
    for word in legible(text).split():
        for part in _parts(word, width):
            long = _wide(part)
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
    return (*lines[: max_lines - 1], _with_dots(lines[max_lines - 1], width))


def _with_dots(line: str, width: float) -> str:
    clusters = list(_clusters(line))
    while clusters and _wide("".join(clusters)) + _wide("…") > width:
        clusters.pop()
    return "".join(clusters).rstrip() + "…"


def _parts(word: str, width: float) -> Iterator[str]:
    """A word, or as many pieces of it as it takes."""
    if _wide(word) <= width:
        yield word
        return
    part, used = "", 0.0
    for cluster in _clusters(word):
        wide = _wide(cluster)
        if part and used + wide > width:
            yield part
            part, used = "", 0.0
        part, used = part + cluster, used + wide
    if part:
        yield part


def _clusters(text: str) -> Iterator[str]:
    """What must stay together: a character with its marks, an emoji with its parts."""
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


def _is_mark(character: str) -> bool:
    skin = 0x1F3FB <= ord(character) <= 0x1F3FF
    return skin or character == _JOINER or unicodedata.category(character) in ("Mn", "Me", "Mc")


def _wide(text: str) -> float:
    """About how wide a text is; rather too wide, for nobody knows the reader's fonts."""
    return _FONT * sum(_ems(each) for each in text)


def _ems(character: str) -> float:
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


def marks(post: Post) -> list[str]:
    """What to say of a post beside its text: whether it stands, who wrote it."""
    found: list[str] = []
    if post.deleted:
        found.append("deleted")
    if post.accepted is None:
        found.append("under review")
    elif not post.accepted:
        found.append("rejected")
    if post.synthetic:
        found.append("model")
    return found


def svg(posts: Sequence[Post], *, name: str = "tree", max_lines: int = 5) -> str:
    """The picture of one tree, as a document of its own or as a part of a page.

    `name` stands in the ids of the picture, so that several can be in one page.
    """
    placed = layout(posts, max_lines=max_lines)
    boxes = {box.post.id: box for box in placed.boxes}
    answered = {box.above for box in placed.boxes}
    key = escape(legible(name), quote=True)
    width, height = _number(placed.width), _number(placed.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="oa-tree" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-labelledby="{key}-title {key}-desc">',
        f'<title id="{key}-title">{escape(_title(posts))}</title>',
        f'<desc id="{key}-desc">{escape(_description(placed))}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}" fill="#ffffff"/>',
        # The best thread last, so that it lies above the others.
        *(line for box in sorted(placed.boxes, key=_is_best) if box.above for line in _edge(boxes[box.above], box)),
        *(line for box in placed.boxes for line in _box(box, margin=box.post.id in answered)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _is_best(box: Box) -> bool:
    return box.best


def _title(posts: Sequence[Post]) -> str:
    roots = in_order(posts)[None]
    text = wrapped(roots[0].text, 600, 1) if roots else ()
    return f"Conversation tree: {text[0]}" if text else "Conversation tree"


def _description(placed: Layout) -> str:
    count = len(placed.boxes)
    ranked = sum(box.post.rank is not None for box in placed.boxes)
    best = sum(box.best for box in placed.boxes)
    posts = f"{counted(count, 'post')}, {ranked} of them ranked, {best} on the best thread"
    return f"{posts}. Replies stand below, the best on the left."


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


def _box(box: Box, *, margin: bool) -> Iterator[str]:
    post = box.post
    fill, stroke = _FILLS[post.role]
    dashes = ' stroke-dasharray="6 4"' if post.deleted or post.accepted is None or not post.accepted else ""
    best = f' class="{post.role.value} best" stroke="{_BEST}" stroke-width="3"'
    look = best if box.best else f' class="{post.role.value}" stroke="{stroke}"'
    yield "<g>"
    yield f"<title>{escape(' '.join(legible(post.text).split())[:600])}</title>"
    yield (
        f'<rect x="{_number(box.x)}" y="{_number(box.y)}" width="{_number(box.width)}" height="{_number(box.height)}" '
        f'rx="8" fill="{fill}"{look}{dashes}/>'
    )
    x, y = box.x + _PAD, box.y + 18
    said = marks(post)
    bad = f'<tspan class="bad" fill="{_BAD}" font-weight="600"> · {escape(", ".join(said))}</tspan>' if said else ""
    yield _text(x, y, "soft", _SOFT, f"{post.role.value}{bad}", size=11)
    yield from _lines(box)
    if post.rank is not None:
        yield from _badge(box, post.rank)
    if margin and post.margin is not None:
        voters = "voter" if post.margin == 1 else "voters"
        yield _text(box.middle + 8, box.foot + 15, "soft", _SOFT, f"margin {post.margin} {voters}", size=11)
    yield "</g>"


def _lines(box: Box) -> Iterator[str]:
    struck = ' text-decoration="line-through"' if box.post.deleted else ""
    turned = is_right_to_left(box.post.text)
    x = box.x + box.width - _PAD if turned else box.x + _PAD
    direction = ' direction="rtl"' if turned else ""
    for number, line in enumerate(box.lines or ("(no text)",)):
        y = box.y + _HEAD + _LINE * number + _FONT
        yield _text(x, y, "text", _INK, escape(line), size=_FONT, more=f"{direction}{struck}")


def _badge(box: Box, rank: int) -> Iterator[str]:
    """A disc on the upper right corner: 1 is the best."""
    x, y = box.x + box.width - 2, box.y + 2
    fill, kind = (_BEST, "badge") if rank == 0 else (_SOFT, "other")
    yield f'<circle class="{kind}" cx="{_number(x)}" cy="{_number(y)}" r="12" fill="{fill}" stroke="#ffffff"/>'
    centred = ' text-anchor="middle" font-weight="700"'
    yield _text(x, y + 4, "number", "#ffffff", str(rank + 1), size=12, more=centred)


def _text(x: float, y: float, kind: str, colour: str, content: str, *, size: float, more: str = "") -> str:
    """A line of text; `content` is escaped already."""
    at = f'x="{_number(x)}" y="{_number(y)}"'
    return f'<text {at} class="{kind}" fill="{colour}" font-size="{_number(size)}"{more}>{content}</text>'
