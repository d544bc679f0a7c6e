"""The exception family: what went wrong, what is accepted, what to do next.

Messages carry field names, codes and accepted values; never note text, names or dates of birth.
"""

from __future__ import annotations


class ChartTwinError(Exception):
    """Base of every error this project raises on purpose; `kind` is the stable name integrators match on."""

    kind = "error"
    retryable = False

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(ChartTwinError):
    """An argument is malformed; the caller can correct it."""

    kind = "invalid_input"
    retryable = True


class UnknownUnit(InvalidInput):
    """A unit string is not UCUM and not one of the known spellings."""

    kind = "unknown_unit"


class UnitMismatch(InvalidInput):
    """Two units measure different dimensions, or need a substance to convert between."""

    kind = "unit_mismatch"


class UnknownCode(InvalidInput):
    """A code or coding system is not known."""

    kind = "unknown_code"


class UnknownModel(InvalidInput):
    """No twin model has this id."""

    kind = "unknown_model"


class MissingCovariate(ChartTwinError):
    """A model input is absent; `details['missing']` lists every one."""

    kind = "missing_input"


class OutsideModelDomain(ChartTwinError):
    """An input lies outside the population the model was derived in; the model declines."""

    kind = "outside_model_domain"


class InsufficientData(ChartTwinError):
    """There are too few observations for the computation."""

    kind = "insufficient_data"


class SolverFailed(ChartTwinError):
    """A numerical solution did not converge or lost mass."""

    kind = "solver_failed"


class UnknownPatient(ChartTwinError):
    """No such patient in the record store, or not one this session may see."""

    kind = "unknown_patient"


class UnknownEvidence(ChartTwinError):
    """A citation does not resolve to a note span, resource or run of this patient."""

    kind = "unknown_evidence"


class UnknownThread(ChartTwinError):
    """No such conversation, or not one of this owner; which of both is not said."""

    kind = "unknown_thread"


class ThreadBusy(ChartTwinError):
    """Another question of the same conversation was answered, or still is; asking again helps."""

    kind = "thread_busy"
    retryable = True


class InvalidRecord(ChartTwinError):
    """A FHIR resource, bundle or note cannot be read; `details` name file and path."""

    kind = "invalid_record"


class StoreUnavailable(ChartTwinError):
    """The data directory cannot be opened, written or read."""

    kind = "store_unavailable"


class ModelUnavailable(ChartTwinError):
    """A chat or embedding model is missing, altered or unreachable."""

    kind = "model_unavailable"
