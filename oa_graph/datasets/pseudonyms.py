"""Stable pseudonyms for the ids of users, posts and trees.

Texts stay unchanged, so a post may still name its author.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from oa_graph.graph.datasets import DatasetPost, DatasetTree

Digest = Callable[[str], str]
"""From `collection:id` to 64 hexadecimal digits."""

_UNDERSTOOD = frozenset({"created_date", "emojis"})
"""Extra fields that name nobody."""


def seeded(seed: int) -> Digest:
    """Return the original's digest. A known id reveals its pseudonym, since the seed is a number and can be guessed."""
    return lambda name: hashlib.sha256(f"{name}{seed}".encode()).hexdigest()


def keyed(key: bytes) -> Digest:
    """Return an HMAC-SHA256 digest: without the key nobody can link a pseudonym to an id."""
    return lambda name: hmac.new(key, name.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Pseudonymizer:
    """Replacement of ids. One key always gives the same pseudonym for an id, in every format and run."""

    digest: Digest | None = None
    """None: ids stay as they are."""
    user_ids: bool = True

    @property
    def changes(self) -> bool:
        return self.digest is not None or not self.user_ids

    def apply(self, tree: DatasetTree) -> DatasetTree:
        """Replace the ids in the tree by pseudonyms. A tree has the pseudonym of its root."""
        if not self.changes:
            return tree
        post_id, user_id = _pseudonyms(self.digest, "message"), _pseudonyms(self.digest, "user")
        tree.id, tree.origin, tree.extra = post_id(tree.id), None, _without_names(tree.extra)
        for post in tree.posts:
            self._apply_to_post(post, post_id, user_id)
        return tree

    def _apply_to_post(self, post: DatasetPost, post_id: Digest, user_id: Digest) -> None:
        post.author = user_id(post.author) if post.author is not None and self.user_ids else None
        post.extra = _without_names(post.extra)
        if self.digest is not None:
            post.id = post_id(post.id)
            post.parent = None if post.parent is None else post_id(post.parent)
        if post.reactions:
            post.reactions = [(user_id(user) if self.user_ids else "", emoji) for user, emoji in post.reactions]
        if post.rankings:
            post.rankings = [
                ranking._replace(
                    maker=user_id(ranking.maker) if self.user_ids else "",
                    order=tuple(post_id(id) for id in ranking.order),
                )
                for ranking in post.rankings
            ]


def _pseudonyms(digest: Digest | None, collection: str) -> Digest:
    @lru_cache(4096)
    def pseudonym(id: str) -> str:
        return id if digest is None else digest(f"{collection}:{id}")

    return pseudonym


def _without_names(extra: str | None) -> str | None:
    if extra is None:
        return None
    fields = cast("dict[str, Any]", json.loads(extra))
    kept = {name: value for name, value in fields.items() if name in _UNDERSTOOD}
    return json.dumps(kept) if kept else None
