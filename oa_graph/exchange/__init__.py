"""Trees in files: out of the graph and into it, streamed, without loss. See `oasst` for the format of a line.

Everything that a file says comes back in an export that leaves nothing out:
`states=None, include_deleted=True, include_rejected=True`. The defaults give what is ready to learn from: the accepted,
live messages of trees that are ready for export, those of models among them. How what the graph has no place for is
kept stands in `oa_graph.graph.exchange`.

Other files come in as well: single messages, conversations, prompts (`formats`); what becomes of their trees says
`landing`, and why a line is not taken `refusals`.
"""

from oa_graph.exchange.anonymous import Disguise, keyed, seeded
from oa_graph.exchange.bringing import Wish, import_trees, look_through
from oa_graph.exchange.counts import CLIENT, Counts
from oa_graph.exchange.export import Export, Exported, export, export_trees
from oa_graph.exchange.filters import Distrusted, Filters, Which
from oa_graph.exchange.formats import Defaults, Format
from oa_graph.exchange.forms import FORMS, Choices
from oa_graph.exchange.landing import Into
from oa_graph.exchange.refusals import OnRefused, Reason, Refused
from oa_graph.exchange.sinks import Packing
from oa_graph.language import is_tag

__all__ = [
    "CLIENT",
    "FORMS",
    "Choices",
    "Counts",
    "Defaults",
    "Disguise",
    "Distrusted",
    "Export",
    "Exported",
    "Filters",
    "Format",
    "Into",
    "OnRefused",
    "Packing",
    "Reason",
    "Refused",
    "Which",
    "Wish",
    "export",
    "export_trees",
    "import_trees",
    "is_tag",
    "keyed",
    "look_through",
    "seeded",
]
