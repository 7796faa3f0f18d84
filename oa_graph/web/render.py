"""Render templates to responses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, partial
from importlib.metadata import version
from importlib.resources import files
from math import ceil
from typing import cast
from uuid import uuid4

from babel.dates import format_date, format_timedelta
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Response
from litestar.datastructures import Cookie

from oa_graph.web import assets, texts
from oa_graph.web.cookies import form_token, visit_cookie
from oa_graph.web.markup import post_html
from oa_graph.web.request import PageRequest

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # Not `no-referrer`: with that, browsers would say `Origin: null` for our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@cache
def environment(language: str) -> Environment:
    """Return the templates in one language."""
    templates = Environment(
        loader=FileSystemLoader(str(files("oa_graph.web") / "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    templates.install_gettext_translations(texts.translations(language), newstyle=True)  # type: ignore[attr-defined]
    globals: dict[str, object] = {
        "asset": assets.address,
        "languages": texts.LANGUAGES,
        "new_id": uuid4,
        "own_name": texts.own_name,
        "post_html": post_html,
        "rtl": texts.is_right_to_left,
        "version": version("oa-graph"),
    }
    filters: dict[str, Callable[..., object]] = {
        "browser": _browser,
        "date": partial(_date, language),
        "duration": partial(_duration, language),
        "iso": _iso,
        "minutes": partial(_minutes, language),
        "number": partial(_number, language),
        "percent": partial(_percent, language),
        "relative": partial(_relative, language),
    }
    cast("dict[str, object]", templates.globals).update(globals)
    templates.filters |= filters
    return templates


def _date(language: str, moment: datetime) -> str:
    return format_date(moment, "medium", locale=language)


_BROWSERS = ("Firefox", "Edg", "OPR", "SamsungBrowser", "Chrome", "Safari")
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac", "CrOS", "Linux")
"""Words in user agents. A browser that also names others stands before those: Edge also says Chrome."""
_SHORT = {"Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "CrOS": "ChromeOS"}


def _browser(agent: str) -> str:
    """Return a short name of a browser and its system; an unknown user agent is only cut."""
    words = [next((word for word in known if word in agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return ", ".join(_SHORT.get(word, word) for word in words if word) or agent[:60]


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _minutes(language: str, seconds: float) -> str:
    """Format a remaining time, in whole minutes."""
    return format_timedelta(60 * ceil(seconds / 60), granularity="minute", locale=language)


def _duration(language: str, seconds: float) -> str:
    """Format a duration, in its largest unit."""
    return format_timedelta(max(1, round(seconds)), threshold=1.5, locale=language)


def _number(language: str, value: float) -> str:
    return format_decimal(value, locale=language)


def _percent(language: str, share: float) -> str:
    return format_percent(share, locale=language)


def _relative(language: str, moment: datetime) -> str:
    """Format a time relative to now: `3 minutes ago`, `in 2 days`."""
    difference = moment - datetime.now(UTC)
    return format_timedelta(difference, add_direction=True, threshold=1.2, locale=language)


def render(request: PageRequest, template: str, **context: object) -> str:
    """Return the HTML of a template."""
    return (
        environment(request.language)
        .get_template(template)
        .render(
            request=request,
            signed_in=request.signed_in,
            language=request.language,
            form_token=form_token(request),
            now=datetime.now(UTC),
            **context,
        )
    )


def page(
    request: PageRequest, template: str, /, *, status: int = 200, cookies: Iterable[Cookie] = (), **context: object
) -> Response[str]:
    """Return a page."""
    content = render(request, template, **context)
    visit = visit_cookie(request)
    return Response(
        content,
        status_code=status,
        media_type=MediaType.HTML,
        headers=HEADERS,
        cookies=[*cookies, *([visit] if visit else [])],
    )


def fragment(request: PageRequest, template: str, /, **context: object) -> Response[str]:
    """Return a part of a page, which htmx swaps in."""
    return Response(render(request, template, **context), media_type=MediaType.HTML, headers=HEADERS)


def see_other(address: str, cookies: Iterable[Cookie] = ()) -> Response[None]:
    """Redirect to another page."""
    headers = {"Location": address, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return Response(None, status_code=303, headers=headers, cookies=list(cookies))
