"""The FHIR door, used through SMART's `fhirclient`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access.callers import Role
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from tests.integration.serving import served
from tests.unit.test_app_scripted import PATIENT_ID, loaded_record

fhirclient = pytest.importorskip("fhirclient.client", reason="fhirclient is not installed")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def smart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = Path(shutil.copytree(loaded_record(), tmp_path_factory.mktemp("smart") / "data"))
    services = Services(load_settings(data_dir=folder, access="keys")).provide(index=None)
    services.gate.register.add("app", frozenset({Role.INTEGRATOR}))
    services.gate.register.allow("app", PATIENT_ID)
    key = services.gate.register.issue_key("app")
    with served(build_app(services, with_ui=False, warm=False)) as address:
        client = fhirclient.FHIRClient(settings={"app_id": "test", "api_base": f"{address}/fhir/"})
        client.server.session.headers["authorization"] = f"Bearer {key}"
        yield client


def test_a_patient_and_their_results(smart: Any) -> None:
    from fhirclient.models.observation import Observation
    from fhirclient.models.patient import Patient

    patient = Patient.read(PATIENT_ID, smart.server)
    assert patient.id == PATIENT_ID and patient.birthDate is not None
    query = {"patient": PATIENT_ID, "code": "http://loinc.org|29463-7", "_sort": "-date", "_count": "2"}
    found = list(Observation.where(struct=query).perform_resources_iter(smart.server))  # follows the pages
    assert len(found) > 3 and all(isinstance(o, Observation) and o.valueQuantity.unit for o in found)


def test_what_the_server_says_of_itself(smart: Any) -> None:
    from fhirclient.models.capabilitystatement import CapabilityStatement

    statement = CapabilityStatement.read_from("metadata", smart.server)
    assert statement.fhirVersion == "4.0.1" and "Condition" in {r.type for r in statement.rest[0].resource}


def test_another_patient_is_refused(smart: Any) -> None:
    from fhirclient.models.condition import Condition
    from fhirclient.server import FHIRPermissionDeniedException

    with pytest.raises(FHIRPermissionDeniedException):
        Condition.where(struct={"patient": "another"}).perform(smart.server)
