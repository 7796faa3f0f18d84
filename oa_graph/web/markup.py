"""Posts as HTML. A post is untrusted: it is rendered as Markdown without raw HTML, and the result is sanitized."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markupsafe import Markup

_TAGS = {
    *("p", "br", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr", "div", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"*": set[str](), "a": {"href"}, "ol": {"start"}, "div": {"class"}}


def _as_blocks(state: StateCore) -> None:
    """Render headings as `div` elements: the headings of a post are not those of the page."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "div"
            token.attrs = {"class": "post-heading"} if token.nesting == 1 else {}


def _is_harmless(name: str, value: str) -> bool:
    """Return whether an attribute may stay: absolute links only, and only the class that `_as_blocks` sets."""
    match name:
        case "href":
            return value.lower().startswith(("http://", "https://"))
        case "class":
            return value == "post-heading"
        case _:
            return True


_parser = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": 30}).enable(["table", "strikethrough"])
_parser.disable("image")
_parser.core.ruler.push("blocks", _as_blocks)
_cleaner = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=lambda tag, name, value: value if _is_harmless(name, value) else None,
    url_schemes={"http", "https"},
    link_rel="noopener noreferrer nofollow ugc",
)


@lru_cache(1000)
def post_html(text: str) -> Markup:
    """Return a post as sanitized HTML."""
    return Markup(_cleaner.clean(_parser.render(text)))
