"""What is measured must look like what the service makes: no server is needed to see that."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bench.bench import parse_sizes
from bench.fill import write_csv
from bench.generate import LIMITS, Forest, Plan, Post, Tree
from oa_graph.domain.posts import Role
from oa_graph.domain.trees import TreeState
from oa_graph.policy import growth
from oa_graph.policy.sampling import kind_of

PLAN = Plan(2_000, seed=5)


@pytest.fixture(scope="module")
def forest() -> Forest:
    return Forest(PLAN)


@pytest.fixture(scope="module")
def trees(forest: Forest) -> list[Tree]:
    return list(forest.trees())


@pytest.fixture(scope="module")
def posts(trees: list[Tree]) -> list[Post]:
    return [post for tree in trees for post in tree.posts]


def test_the_same_plan_makes_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_csv(Forest(PLAN), tmp_path / name)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_seed_makes_another_graph(posts: list[Post]) -> None:
    other = {post.id for tree in Forest(Plan(2_000, seed=6)).trees() for post in tree.posts}
    assert not other & {post.id for post in posts}


def test_there_are_as_many_posts_as_asked_for(posts: list[Post]) -> None:
    assert len(posts) == 2_000


def test_nothing_that_is_unique_is_there_twice(trees: list[Tree], posts: list[Post]) -> None:
    keys: list[list[str]] = [
        [post.id for post in posts],
        [post.frontend_id for post in posts],
        [post.text for post in posts],
        [post.reply_key for post in posts if post.reply_key],
        [review.key for tree in trees for review in tree.reviews],
        [ranking.key for tree in trees for ranking in tree.rankings],
    ]
    for key in keys:
        assert key
        assert len(set(key)) == len(key)


def test_roles_alternate_and_depth_is_counted(trees: list[Tree]) -> None:
    for tree in trees:
        (root,) = [post for post in tree.posts if post.parent is None]
        assert (root.id, root.depth, root.role) == (tree.id, 0, Role.PROMPTER)
        for post in tree.posts:
            if post.parent:
                assert (post.depth, post.tree) == (post.parent.depth + 1, tree.id)
                assert post.role is not post.parent.role
                assert post.depth <= LIMITS.max_tree_depth


def test_nobody_reviews_or_ranks_his_own(trees: list[Tree], posts: list[Post]) -> None:
    author = {post.id: post.author for post in posts}
    for tree in trees:
        assert all(review.maker != author[review.post] for review in tree.reviews)
        assert all(ranking.maker not in {author[id] for id in ranking.ranked} for ranking in tree.rankings)


def test_reviews_are_counted_right_where_trees_are_at_work(trees: list[Tree]) -> None:
    for tree in trees:
        counted = Counter(review.post for review in tree.reviews)
        if tree.state in growth.ACTIVE:
            assert all(post.reviews == counted[post.id] for post in tree.posts)


def test_only_trees_at_work_want_something(trees: list[Tree]) -> None:
    wanting = {tree.state for tree in trees if any(post.pool for post in tree.posts)}
    assert wanting == {
        TreeState.INITIAL_PROMPT_REVIEW,
        TreeState.PROMPT_LOTTERY_WAITING,
        TreeState.GROWING,
        TreeState.RANKING,
    }


def test_an_open_place_has_all_its_properties(posts: list[Post]) -> None:
    for post in posts:
        absent = {post.pool is None, post.key is None, post.wants is None}
        assert len(absent) == 1
        if post.pool:
            assert kind_of(post.pool)
            assert post.key is not None
            assert 0 <= post.key < 1
            assert post.wants
            assert post.wants > 0


def test_there_is_work_for_a_measurement(trees: list[Tree], forest: Forest) -> None:
    assert trees
    replies = sum(wants for pool, wants in forest.pools.items() if "_reply " in pool and not pool.startswith("label"))
    assert replies > 0.7 * PLAN.places


def test_a_few_users_write_most(posts: list[Post]) -> None:
    counts = [count for _, count in Counter(post.author for post in posts).most_common()]
    assert sum(counts[: len(counts) // 10]) > 0.25 * len(posts)


def test_languages_count_their_trees(trees: list[Tree], forest: Forest) -> None:
    assert Counter((tree.lang, tree.state) for tree in trees) == Counter(
        {(lang, state): count for lang, states in forest.languages.items() for state, count in states.items()}
    )
    assert forest.languages["en"].total() > 0.4 * len(trees)


def test_a_large_graph_is_mostly_finished() -> None:
    shares = Plan(1_000_000).shares
    assert shares[TreeState.READY_FOR_EXPORT] > 0.6 * sum(shares.values())
    assert shares[TreeState.GROWING] < 0.15 * sum(shares.values())


def test_sizes_are_read_as_people_write_them() -> None:
    assert parse_sizes("10k, 1M,2500") == (10_000, 1_000_000, 2_500)
    with pytest.raises(ValueError, match="too few open places"):
        parse_sizes("10")


def test_some_finished_trees_have_their_whole_story(trees: list[Tree]) -> None:
    trees_with_tasks = [tree for tree in trees if tree.tasks]
    finished = [tree for tree in trees if tree.state is TreeState.READY_FOR_EXPORT]
    assert 0.03 * len(finished) < len(trees_with_tasks) < 0.25 * len(finished)
    for tree in trees_with_tasks:
        gave = Counter(task.gave for task in tree.tasks if task.gave)
        things = [*tree.posts, *tree.reviews, *tree.rankings]
        assert gave == Counter(node.id for node in things)
        ranked = {ranking.parent for ranking in tree.rankings}
        assert ranked == {post.id for post in tree.posts if post.consensus_margin is not None}
        assert all(task.created < (task.done or task.refused or task.created) for task in tree.tasks)
    assert any(task.skipped for tree in trees_with_tasks for task in tree.tasks)
    assert any(post.model_name for tree in trees_with_tasks for post in tree.posts)
    assert any(tree.reactions for tree in trees_with_tasks)
