"""What went wrong with a model, in words for the reader: no address, no key, nothing of the request."""

from __future__ import annotations

from typing import NamedTuple

from domain.errors import ModelUnavailable


class ModelFault(Exception):
    """The configured model gave nothing that can be used; `args[0]` is the reason as the end of a sentence."""


class ModelTimedOut(ModelFault):
    """The time of the run was over before the model had answered."""


class NotPermitted(ModelUnavailable):
    """The privacy setting does not let this record go to the model."""

    kind = "not_permitted"


class Fault(NamedTuple):
    """A reason that ends "The configured model …", and how the failure counts."""

    reason: str
    grave: bool = False  # asking again soon would only cost time
    passing: bool = False  # worth one more try
    counts: bool = True  # a reply that cannot be used says nothing about the server


_BY_STATUS = {
    400: Fault("could not take the request"),
    401: Fault("refused the key", grave=True),
    403: Fault("refused the key", grave=True),
    404: Fault("is not known at its address", grave=True),
    413: Fault("could not take a request of this length", counts=False),
    422: Fault("could not take the request"),
    429: Fault("is over its rate limit", passing=True),
}
_TIMEOUTS = ("Timeout", "TimedOut")
_UNREACHABLE = (
    "ConnectError",
    "ConnectionRefused",
    "APIConnectionError",
    "ConnectionError",
    "NetworkError",
    "gaierror",
)
_BROKEN_OFF = ("RemoteProtocolError", "IncompleteRead", "ChunkedEncodingError", "ReadError", "ConnectionReset")


def fault_of(error: BaseException) -> Fault:
    """How a failure is told and counted. Told by type names, so that no provider's package has to be imported."""
    if isinstance(error, ModelTimedOut):
        return Fault(str(error.args[0]), grave=True)
    if isinstance(error, ModelFault):
        return Fault(str(error.args[0]), counts=False)
    if isinstance(error, NotPermitted):
        return Fault("was not asked: " + error.message, counts=False)
    status = getattr(error, "status_code", None)
    if isinstance(status, int) and not isinstance(status, bool):
        default = Fault("reported a fault of its own", passing=True) if status >= 500 else Fault("refused the request")
        return _BY_STATUS.get(status, default)
    chain = [error, error.__cause__, error.__context__]
    names = [t.__name__ for e in chain if e is not None for t in type(e).__mro__]
    if any(part in name for part in _TIMEOUTS for name in names):
        return Fault("took too long", grave=True)
    if any(part in name for part in _BROKEN_OFF for name in names):
        return Fault("broke off half way", passing=True)
    if any(part in name for part in _UNREACHABLE for name in names):
        return Fault("could not be reached", grave=True)
    return Fault(f"failed ({type(error).__name__})")
