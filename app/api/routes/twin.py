"""The twin's models, their runs, and what can be asked of both."""

from __future__ import annotations

from fastapi import APIRouter

from app.api.deps import ServicesDep
from app.api.schemas import CalibrateBody, CompareBody, JoinBody, RunBody, SensitivityBody
from domain.predictions import (
    CalibratedModel,
    Chain,
    Comparison,
    Explanation,
    JoinedComparison,
    ModelCard,
    ModelRun,
    Replay,
    Sensitivity,
)

router = APIRouter(prefix="/v1/twin", tags=["twin"])


@router.get("/models", summary="List models")
def list_models(services: ServicesDep) -> list[ModelCard]:
    """Every model with its inputs, source and population."""
    return list(services.twin.catalogue())


@router.get("/models/{model_id:path}", summary="One model")
def get_model(model_id: str, services: ServicesDep) -> ModelCard:
    """What a model is, where it comes from and where it may be used."""
    return services.twin.describe(model_id)


@router.post("/models/{model_id:path}/runs", summary="Run a model")
def run_model(model_id: str, body: RunBody, services: ServicesDep) -> ModelRun:
    """Run a model on the inputs given; the result says which inputs, source and limits it rests on."""
    return services.twin.predict(model_id, body.inputs, scenario=body.scenario)


@router.post("/models/{model_id:path}/comparisons", summary="Compare scenarios")
def compare(model_id: str, body: CompareBody, services: ServicesDep) -> Comparison:
    """The baseline and each scenario, with common random numbers and the band of each difference."""
    return services.twin.compare(model_id, body.inputs, body.scenarios)


@router.post("/models/{model_id:path}/calibrations", summary="Fit a model to measurements")
def calibrate(model_id: str, body: CalibrateBody, services: ServicesDep) -> CalibratedModel:
    """A model fitted to one patient; its `inputs` predict for that patient from then on."""
    return services.twin.calibrate(model_id, body.inputs, body.measurements)


@router.post("/models/{model_id:path}/sensitivity", summary="What an output depends on")
def sensitivity(model_id: str, body: SensitivityBody, services: ServicesDep) -> Sensitivity:
    """The bars of a tornado plot, or the indices of Morris or Sobol."""
    return services.twin.sensitivity(
        model_id, body.inputs, body.method, body.ranges, output=body.output, samples=body.samples
    )


@router.get("/chains", summary="List chains")
def list_chains(services: ServicesDep) -> list[Chain]:
    """The chains of models that are known by name."""
    return services.twin.chains()


@router.post("/joined", summary="Run a chain of models")
def join(body: JoinBody, services: ServicesDep) -> JoinedComparison:
    """Several models as one, with results of earlier ones as inputs of later ones."""
    return services.twin.joined(body.chain, body.inputs, body.scenarios)


@router.get("/runs/{run_id}", summary="One run")
def get_run(run_id: str, services: ServicesDep) -> ModelRun:
    """A run made earlier."""
    return services.twin.run(run_id)


@router.get("/runs/{run_id}/explanation", summary="Explain a run")
def explain_run(run_id: str, services: ServicesDep) -> Explanation:
    """A run in plain words and as facts, with everything that conditions it."""
    return services.twin.explain(run_id)


@router.post("/runs/{run_id}/replay", summary="Run it again")
def replay_run(run_id: str, services: ServicesDep) -> Replay:
    """A run computed again from its own record, and whether it came out the same."""
    return services.twin.replay(run_id)
