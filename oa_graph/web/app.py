"""The routes of the pages. `oa_graph.service` serves them beside those of the API."""

from __future__ import annotations

from litestar import Router
from litestar.types import ControllerRouterHandler

from oa_graph.web import (
    clients,
    components,
    datasets,
    guidelines,
    invites,
    limits,
    mine,
    overview,
    people,
    queries,
    report,
    reports,
    sign_in,
    tasks,
    trees,
)
from oa_graph.web.assets import serve_asset
from oa_graph.web.errors import HANDLERS
from oa_graph.web.guards import (
    requires_analyst,
    requires_known_host,
    requires_operator,
    requires_own_form,
    requires_session,
    resolves_session,
)
from oa_graph.web.request import PageRequest

_FOR_WORKERS = (
    sign_in.sign_out,
    sign_in.languages,
    sign_in.choose_languages,
    sign_in.account,
    sign_in.end_session,
    tasks.overview,
    tasks.next_task,
    tasks.task,
    tasks.answer,
    tasks.renew,
    tasks.skip,
    tasks.report_form,
    tasks.report,
    tasks.guideline,
    mine.mine,
    mine.change_message,
    trees.trees,
    trees.tree,
)
"""For every session."""
_FOR_ANALYSTS = (
    queries.queries,
    queries.query,
    queries.download_query,
    queries.statement,
    queries.run_statement,
    queries.download_statement,
    report.analysis_report,
    report.report_file,
)
"""For sessions of analysts and operators."""
_FOR_OPERATORS = (
    invites.invites,
    invites.create_invite,
    invites.revoke_invite,
    overview.overview,
    overview.overview_now,
    overview.unhalt,
    reports.reports,
    reports.contested,
    reports.report,
    reports.decide,
    people.people,
    people.person,
    people.agreement,
    people.ban,
    people.unban,
    people.purge,
    people.end_sessions,
    clients.clients,
    clients.create_client,
    clients.change_client,
    guidelines.guidelines,
    guidelines.edit_guideline,
    guidelines.publish_guideline,
    limits.limits,
    datasets.datasets_page,
    datasets.export,
    datasets.import_file,
)
"""For sessions of operators."""


def routes() -> list[ControllerRouterHandler]:
    """Return all routes of the pages."""
    return [
        serve_asset,
        Router(
            "/",
            route_handlers=[
                components.components,
                sign_in.home,
                sign_in.invite,
                sign_in.redeem,
                Router("/", route_handlers=_FOR_WORKERS, guards=[requires_session]),
                Router("/", route_handlers=_FOR_ANALYSTS, guards=[requires_session, requires_analyst]),
                Router("/", route_handlers=_FOR_OPERATORS, guards=[requires_session, requires_operator]),
            ],
            guards=[requires_known_host, resolves_session, requires_own_form],
            request_class=PageRequest,
            exception_handlers=HANDLERS,
            include_in_schema=False,
        ),
    ]
