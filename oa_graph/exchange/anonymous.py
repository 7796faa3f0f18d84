"""Names for people, posts and trees that say nothing of who or which they are, but stay the same.

Texts are not looked at: what a post says of its author, it goes on to say.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from oa_graph.graph.exchange import FiledPost, FiledTree

Digest = Callable[[str], str]
"""From `collection:id` to 64 hexadecimal digits."""

_UNDERSTOOD = frozenset({"created_date", "emojis"})
"""Of what a file said beyond what the graph knows: what names nobody."""


def seeded(seed: int) -> Digest:
    """As the original does it. Whoever knows an id can find its name: the seed is a number and can be guessed."""
    return lambda name: hashlib.sha256(f"{name}{seed}".encode()).hexdigest()


def keyed(key: bytes) -> Digest:
    """HMAC-SHA256: without the key nobody can tell whose name it is."""
    return lambda name: hmac.new(key, name.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Disguise:
    """What becomes of ids. One key gives one name to one id, in every format and every run."""

    digest: Digest | None = None
    """None: ids stay as they are."""
    user_ids: bool = True

    @property
    def changes(self) -> bool:
        return self.digest is not None or not self.user_ids

    def put_on(self, tree: FiledTree) -> FiledTree:
        """The tree, changed, under other names: that of a tree is that of its root, as its id is."""
        if not self.changes:
            return tree
        post, user = _named(self.digest, "message"), _named(self.digest, "user")
        tree.id, tree.origin, tree.extra = post(tree.id), None, _reduced(tree.extra)
        for each in tree.posts:
            self._on(each, post, user)
        return tree

    def _on(self, post: FiledPost, named: Digest, user: Digest) -> None:
        post.author = user(post.author) if post.author is not None and self.user_ids else None
        post.extra = _reduced(post.extra)
        if self.digest is not None:
            post.id = named(post.id)
            post.parent = None if post.parent is None else named(post.parent)
        if post.reactions:
            post.reactions = [(user(who) if self.user_ids else "", emoji) for who, emoji in post.reactions]
        if post.rankings:
            post.rankings = [
                each._replace(
                    maker=user(each.maker) if self.user_ids else "", order=tuple(named(id) for id in each.order)
                )
                for each in post.rankings
            ]


def _named(digest: Digest | None, collection: str) -> Digest:
    @lru_cache(4096)
    def named(id: str) -> str:
        return id if digest is None else digest(f"{collection}:{id}")

    return named


def _reduced(extra: str | None) -> str | None:
    if extra is None:
        return None
    fields = cast("dict[str, Any]", json.loads(extra))
    kept = {name: value for name, value in fields.items() if name in _UNDERSTOOD}
    return json.dumps(kept) if kept else None
