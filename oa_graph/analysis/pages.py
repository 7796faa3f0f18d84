"""HTML pages that stand by themselves, made of the templates of this folder."""

from __future__ import annotations

from importlib.resources import files

from oa_graph.errors import PackageMissing


def page(template: str, **values: object) -> str:
    """Render a template. All values are escaped, except for markup. Raise PackageMissing without jinja2."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise PackageMissing(package="jinja2", extra="analysis") from error
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    source = (files("oa_graph.analysis") / template).read_text("utf-8")
    return environment.from_string(source).render(**values)
