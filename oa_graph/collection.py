"""An open collection: the object that the HTTP API, the commands, notebooks and other programs stand on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random

from oa_graph import installation
from oa_graph.clients import Clients
from oa_graph.context import Clock, Context, utc_now
from oa_graph.datasets import Datasets
from oa_graph.graph.session import Graph
from oa_graph.guidelines import Guidelines
from oa_graph.installation import Database
from oa_graph.leaderboards import Leaderboards
from oa_graph.moderation import Moderation
from oa_graph.own_posts import OwnPosts
from oa_graph.posts import Posts
from oa_graph.sessions import Sessions
from oa_graph.settings import Settings
from oa_graph.statistics import Statistics
from oa_graph.tasks import Tasks
from oa_graph.users import Users


class Collection:
    """The trees of one database, and what can be done with them, by topic.

    Who acts (`client`, `user`) is a keyword argument of each verb. Nothing runs in the background: `oa-graph serve` is
    what updates leaderboards regularly. `graph` is the connection, for code that runs statements of its own.
    """

    def __init__(self, graph: Graph, context: Context) -> None:
        self.graph = graph
        self.context = context
        self.guidelines = Guidelines(context)
        self.tasks = Tasks(context, self.guidelines)
        self.posts = Posts(context)
        self.own_posts = OwnPosts(context)
        self.users = Users(context)
        self.moderation = Moderation(context)
        self.leaderboards = Leaderboards(context)
        self.statistics = Statistics(context, graph)
        self.clients = Clients(context)
        self.sessions = Sessions(context)
        self.datasets = Datasets(context, graph)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings | None = None,
        *,
        database: Database | None = None,
        clock: Clock = utc_now,
        rng: Random | None = None,
    ) -> AsyncGenerator[Collection]:
        """Connect to a collection, and close the connection at the end.

        Without `settings` the environment gives them. Without `database` it is the one that `NEO4J_URI` names, or the
        managed one of the data folder, which has to run: `oa-graph db start` starts it, and so does
        `oa_graph.installation.database`. `rng` is the source of random numbers, `settings.seed` seeds it otherwise.

        Raise NoServer if no server is known, and pydantic's ValidationError for a setting that does not fit. A
        database that does not answer raises StoreUnavailable at the first verb.
        """
        settings = settings or Settings.model_validate({})
        database = database or installation.running_database(settings)
        graph = database.connect(pool=settings.pool_size, statement_sec=settings.statement_timeout_sec)
        context = Context(
            store=graph,
            limits=settings.limits,
            rate_limits=settings.rate_limits,
            session_limits=settings.session_limits,
            clock=clock,
            rng=rng or settings.random("collection"),
            guidelines_cache_sec=settings.guidelines_cache_sec,
        )
        try:
            yield cls(graph, context)
        finally:
            await graph.close()
