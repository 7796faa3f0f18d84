"""How Sphinx builds these pages: `make docs`."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "oa_graph"
author = "the authors of oa_graph"
release = version = installed_version("oa-graph")

extensions = ["myst_parser", "sphinx.ext.autodoc", "notebook_pages", "mermaid_svg", "reference"]
exclude_patterns = ["_build", "_ext"]
suppress_warnings = ["misc.highlighting_failure"]  # the lexer does not know all of Cypher 25

myst_enable_extensions = ["colon_fence"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 4

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
default_role = "code"

html_theme = "furo"
html_title = f"oa_graph {release}"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
