"""What people say, put into the graph without tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oa_graph.graph.session import Graph


async def review(graph: Graph, post: str, **labels_by_user: Mapping[str, float]) -> None:
    """Each user's labels of a post, by its id here or in its file."""
    await graph.execute(
        """
        MATCH (post:Post) WHERE $post IN [post.id, post.imported_id]
        UNWIND $said AS each
        MERGE (user:User {id: each.maker})
        CREATE (user)-[:MADE]->(review:Review {id: each.maker + $post, key: each.maker + ' ' + $post,
          maker: each.maker, text: '', created: datetime()})-[:OF]->(post)
        SET review += each.labels
        """,
        post=post,
        said=[{"maker": maker, "labels": dict(labels)} for maker, labels in labels_by_user.items()],
    )


async def rank(graph: Graph, parent: str, **orders: Sequence[str]) -> None:
    """Each user's order of the replies to a post, best first, by their ids here or in their file."""
    await graph.execute(
        """
        MATCH (parent:Post) WHERE $parent IN [parent.id, parent.imported_id]
        UNWIND $orders AS each
        MERGE (user:User {id: each.maker})
        CREATE (user)-[:MADE]->(ranking:Ranking {id: each.maker + $parent, key: each.maker + ' ' + $parent,
          maker: each.maker, order: [], not_rankable: false, created: datetime()})-[:UNDER]->(parent)
        WITH ranking, each
        UNWIND range(0, size(each.order) - 1) AS place
        MATCH (reply:Post) WHERE each.order[place] IN [reply.id, reply.imported_id]
        CREATE (ranking)-[:RANKED {position: place}]->(reply)
        """,
        parent=parent,
        orders=[{"maker": maker, "order": list(order)} for maker, order in orders.items()],
    )
