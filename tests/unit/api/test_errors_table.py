"""Every error that a caller can meet has a face on the wire."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oa_graph.api.errors import ERROR_RESPONSES
from oa_graph.errors import NotAllowed, NotFound, NotNow, NotValid, OaGraphError

BRANCHES: tuple[type[OaGraphError], ...] = (NotFound, NotAllowed, NotNow, NotValid)


def leaves(error: type[OaGraphError]) -> Iterator[type[OaGraphError]]:
    below = error.__subclasses__()
    if not below and error not in BRANCHES:
        yield error
    for subclass in below:
        yield from leaves(subclass)


@pytest.mark.parametrize("error", [leaf for branch in BRANCHES for leaf in leaves(branch)])
def test_a_leaf_has_a_status_and_a_code(error: type[OaGraphError]) -> None:
    assert error in ERROR_RESPONSES
    assert 400 <= ERROR_RESPONSES[error].status < 600


def test_no_face_is_without_an_error() -> None:
    assert set(ERROR_RESPONSES) == {leaf for branch in BRANCHES for leaf in leaves(branch)}


def test_who_is_told_to_come_back_is_told_when() -> None:
    told = {
        error.__name__: face.status
        for error, face in ERROR_RESPONSES.items()
        if face.retry_after or face.retry_after_field
    }
    assert told == {
        "StoreUnavailable": 503,
        "StoreDiskFull": 503,
        "LoginRefused": 503,
        "StoreFailed": 503,
        "StoreBusy": 503,
        "RetriesExhausted": 503,
        "AdhocQueriesBusy": 503,
        "StatementStillRunning": 503,
        "StillChanging": 503,
        "TooManyRequests": 429,
        "NothingToHandOut": 503,
    }
