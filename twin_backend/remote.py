"""A twin behind HTTP with the interface of the one in this process; answers and errors are the same."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from domain import errors
from domain.errors import ChartTwinError, InvalidInput, ModelUnavailable
from domain.facts import Frozen
from domain.patient import Covariate
from domain.predictions import (
    CalibratedModel,
    Chain,
    Comparison,
    Explanation,
    JoinedComparison,
    ModelCard,
    ModelRun,
    Replay,
    Scenario,
    Sensitivity,
)
from domain.quantities import Quantity

T = TypeVar("T")
_ENVELOPE = frozenset({"type", "title", "status", "detail", "kind", "errors"})
_TIMEOUT_S = 120.0


class RemoteTwin:
    """The twin of `charttwin twin serve`, or of any server of the same API.

    Inputs leave this machine: they describe a patient, so the server must be one that may hold patient data.
    """

    def __init__(self, base_url: str, client: Any = None, key: str = "") -> None:
        """Hold the address; nothing is sent yet.

        Args:
            base_url: Such as `http://127.0.0.1:7861`.
            client: Something with httpx's `request`; one of httpx is made when absent.
            key: An access key of that server, where it asks for one.

        Raises:
            ModelUnavailable: httpx is not installed.
        """
        self._base_url = base_url.rstrip("/")
        self._client = client if client is not None else _http_client(key)

    def catalogue(self) -> list[ModelCard]:
        """Every model's card."""
        return self._ask("GET", "/models", list[ModelCard])

    def describe(self, model_id: str) -> ModelCard:
        """The card of a model, by id or alias."""
        return self._ask("GET", _at("models", model_id), ModelCard)

    def predict(self, model_id: str, inputs: Mapping[str, Any], scenario: str = "") -> ModelRun:
        """One run of a model; errors as those of `LocalTwin.predict`, and `ModelUnavailable` without an answer."""
        body = {"inputs": _plain(inputs), "scenario": scenario}
        return self._ask("POST", _at("models", model_id, "runs"), ModelRun, body)

    def simulate(self, model_id: str, inputs: Mapping[str, Any], scenario: str = "") -> ModelRun:
        """One run of a simulation model."""
        card = self.describe(model_id)
        if card.kind != "simulation":
            raise InvalidInput(f"{card.id} is a {card.kind}, not a simulation; use predict()")
        return self.predict(model_id, inputs, scenario)

    def compare(self, model_id: str, inputs: Mapping[str, Any], scenarios: Sequence[Scenario]) -> Comparison:
        """The baseline and each scenario."""
        body = {"inputs": _plain(inputs), "scenarios": _plain(scenarios)}
        return self._ask("POST", _at("models", model_id, "comparisons"), Comparison, body)

    def what_if(self, model_id: str, inputs: Mapping[str, Any], changes: Mapping[str, Any]) -> Comparison:
        """The baseline and one change of it."""
        return self.compare(model_id, inputs, [Scenario(name="changed", changes=dict(changes))])

    def chains(self) -> list[Chain]:
        """The chains that the server knows by name."""
        return self._ask("GET", "/chains", list[Chain])

    def joined(
        self, chain: Chain | str, inputs: Mapping[str, Any], scenarios: Sequence[Scenario] = ()
    ) -> JoinedComparison:
        """Several models as one."""
        body = {"chain": _plain(chain), "inputs": _plain(inputs), "scenarios": _plain(scenarios)}
        return self._ask("POST", "/joined", JoinedComparison, body)

    def calibrate(
        self, model_id: str, inputs: Mapping[str, Any], measurements: Sequence[Mapping[str, Any]]
    ) -> CalibratedModel:
        """A model fitted to measurements of one patient."""
        body = {"inputs": _plain(inputs), "measurements": _plain(measurements)}
        return self._ask("POST", _at("models", model_id, "calibrations"), CalibratedModel, body)

    def sensitivity(
        self,
        model_id: str,
        inputs: Mapping[str, Any],
        method: str = "one_at_a_time",
        ranges: Mapping[str, Sequence[float]] | None = None,
        output: str = "",
        samples: int = 128,
    ) -> Sensitivity:
        """What an output of a model depends on."""
        body = {
            "inputs": _plain(inputs),
            "method": method,
            "ranges": _plain(ranges) if ranges else None,
            "output": output,
            "samples": samples,
        }
        return self._ask("POST", _at("models", model_id, "sensitivity"), Sensitivity, body)

    def run(self, run_id: str) -> ModelRun:
        """A run made earlier by the server."""
        return self._ask("GET", _at("runs", run_id), ModelRun)

    def explain(self, run_id: str) -> Explanation:
        """A run in plain words and as facts."""
        return self._ask("GET", _at("runs", run_id, "explanation"), Explanation)

    def replay(self, run_id: str) -> Replay:
        """A run computed again by the server."""
        return self._ask("POST", _at("runs", run_id, "replay"), Replay)

    def together(self) -> AbstractContextManager[None]:
        """The server keeps each run as it comes."""
        return contextlib.nullcontext()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _ask(self, method: str, path: str, kind: type[T], body: Mapping[str, Any] | None = None) -> T:
        try:
            with _understood(self._base_url):
                response = self._client.request(method, f"{self._base_url}/v1/twin{path}", json=body)
                content = response.json()
        except ValueError as error:  # a number that JSON has not, or an answer that is none
            if body is not None and "JSON compliant" in str(error):
                raise InvalidInput("an input is not a finite number") from None
            raise _unavailable(self._base_url) from None
        if response.status_code >= 400:
            raise _error_of(content, self._base_url)
        try:
            return TypeAdapter(kind).validate_python(content)
        except ValidationError:
            raise ModelUnavailable(
                f"the twin at {self._base_url} answers in another form; is it this version?"
            ) from None


@contextlib.contextmanager
def _understood(base_url: str) -> Iterator[None]:
    """Turns a failed connection into an error of ours; which client failed does not matter."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        raise _unavailable(base_url) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0].startswith("httpx"):
            raise _unavailable(base_url) from error
        raise


def _unavailable(base_url: str) -> ModelUnavailable:
    return ModelUnavailable(f"the twin at {base_url} does not answer; start it with `charttwin twin serve`")


def _error_of(content: Any, base_url: str) -> ChartTwinError:
    """The error that the server raised, by its kind."""
    if not isinstance(content, Mapping):
        return _unavailable(base_url)
    kind, message = str(content.get("kind", "")), str(content.get("detail", ""))
    if kind == "invalid_request":
        return InvalidInput(message)
    details = {str(name): value for name, value in content.items() if name not in _ENVELOPE}
    known = {
        one.kind: one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, ChartTwinError)
    }
    found = known.get(kind)
    return found(message, **details) if found else ModelUnavailable(f"the twin at {base_url} failed: {kind or message}")


def _at(*parts: str) -> str:
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


def _plain(value: Any) -> Any:
    """Inputs in the forms that a body can hold."""
    if isinstance(value, Covariate):
        return _covariate(value)
    if isinstance(value, Frozen | Quantity):
        return {key: _plain(one) for key, one in dict(value).items()}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, (date, datetime)) else value


def _covariate(held: Covariate) -> dict[str, Any]:
    number = held.value if isinstance(held.value, Quantity) else None
    body = {
        "value": number.value if number else held.value,
        "unit": number.unit if number else None,
        "time": held.time,
        "origin": held.origin,
        "evidence": held.evidence,
        "note": held.note,
    }
    return {key: _plain(value) for key, value in body.items()}


def _http_client(key: str) -> Any:
    try:
        import httpx
    except ImportError as error:
        raise ModelUnavailable("a remote twin needs httpx: pip install httpx") from error
    return httpx.Client(timeout=_TIMEOUT_S, headers={"authorization": f"Bearer {key}"} if key else None)
