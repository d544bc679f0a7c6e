"""Records of a FHIR R4 server: pulled patient by patient, page by page, taken up again where it stopped."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from domain.errors import InvalidInput, InvalidRecord, StoreUnavailable
from knowledge_base.elements import Json

# For servers without `$everything`.
_TYPES = (
    "AllergyIntolerance", "CarePlan", "Condition", "Device", "DiagnosticReport", "DocumentReference", "Encounter",
    "FamilyMemberHistory", "Immunization", "MedicationAdministration", "MedicationRequest", "MedicationStatement",
    "Observation", "Procedure",
)  # fmt: skip
_PAGE = 200
_MOST_PAGES = 5000
_RETRIES = 5
_LONGEST_WAIT_S = 60.0
_AGAIN = (429, 502, 503, 504)
_NOT_OFFERED = (400, 403, 404, 405, 501)


class FhirServer:
    """Reads one server. Nothing is written to it."""

    def __init__(
        self, base_url: str, *, key: str = "", client: Any = None, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Hold the address; nothing is sent yet.

        Args:
            base_url: Such as `https://ehr.example/fhir`.
            key: A bearer token.
            client: Something with httpx's `get`; one of httpx is made when absent.
            sleep: Waits between two tries.

        Raises:
            InvalidInput: the address is not http or https.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InvalidInput("a FHIR server's address reads https://host/fhir", field="fhir-server")
        self._base = base_url.rstrip("/") + "/"
        self._sleep = sleep
        self._headers = {"accept": "application/fhir+json", **({"authorization": f"Bearer {key}"} if key else {})}
        if client is None:
            import httpx

            client = httpx.Client(timeout=60.0, follow_redirects=False)
        self._client = client

    def patients(self) -> Iterator[str]:
        """The ids of every patient that the server lists."""
        for page in self._pages(f"Patient?_count={_PAGE}&_elements=id"):
            for resource in _resources(page):
                if resource.get("resourceType") == "Patient" and isinstance(resource.get("id"), str):
                    yield resource["id"]

    def everything(self, patient_id: str) -> list[Json]:
        """Every resource of a patient: by `$everything`, else by a search for each type.

        Raises:
            InvalidRecord: the server does not have the patient, or answers with something else than FHIR.
            StoreUnavailable: it cannot be reached, or refuses.
        """
        try:
            pages = list(self._pages(f"Patient/{patient_id}/$everything?_count={_PAGE}"))
        except _NotOffered:
            pages = [self._patient(patient_id)]
            for name in _TYPES:
                try:
                    pages += self._pages(f"{name}?patient={patient_id}&_count={_PAGE}")
                except _NotOffered:
                    continue  # a type that the server does not have
        found: dict[tuple[str, str], Json] = {}
        for page in pages:
            for resource in _resources(page):
                found.setdefault((str(resource.get("resourceType")), str(resource.get("id"))), resource)
        return list(found.values())

    def _patient(self, patient_id: str) -> Json:
        try:
            resource = self._get(f"Patient/{patient_id}")
        except _NotOffered:
            raise InvalidRecord("the FHIR server has no such patient") from None
        return {"resourceType": "Bundle", "entry": [{"resource": resource}]}

    def _pages(self, path: str) -> Iterator[Json]:
        address: str | None = path
        seen: set[str] = set()
        while address is not None:
            if address in seen or len(seen) >= _MOST_PAGES:
                raise InvalidRecord("the FHIR server's pages lead in a circle")
            seen.add(address)
            page = self._get(address)
            if page.get("resourceType") != "Bundle":
                raise InvalidRecord("the FHIR server answered with something else than a Bundle")
            yield page
            address = self._next(page)

    def _next(self, page: Json) -> str | None:
        links = page.get("link")
        for link in links if isinstance(links, list) else []:
            if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
                url = urljoin(self._base, link["url"])
                # The credential goes to the configured server alone, whatever a page names.
                if urlsplit(url)[:2] != urlsplit(self._base)[:2]:
                    raise InvalidRecord("the FHIR server's next page is on another host")
                return url
        return None

    def _get(self, path: str) -> Json:
        address = urljoin(self._base, path)
        for attempt in range(_RETRIES + 1):
            try:
                response = self._client.get(address, headers=self._headers)
            except Exception as error:
                if attempt == _RETRIES:
                    raise StoreUnavailable("the FHIR server cannot be reached") from error
                self._sleep(min(2.0**attempt, _LONGEST_WAIT_S))
                continue
            if response.status_code in _AGAIN and attempt < _RETRIES:
                self._sleep(_wait(response.headers.get("retry-after"), attempt))
                continue
            if response.status_code in (401,):
                raise StoreUnavailable("the FHIR server asks for another credential")
            if response.status_code in _NOT_OFFERED:
                raise _NotOffered
            if response.status_code != 200:
                raise StoreUnavailable(f"the FHIR server answers {response.status_code}")
            try:
                found = response.json()
            except ValueError:
                raise InvalidRecord("the FHIR server answered with something else than JSON") from None
            if not isinstance(found, dict):
                raise InvalidRecord("the FHIR server answered with something else than a resource")
            return found
        raise StoreUnavailable("the FHIR server cannot be reached")


class _NotOffered(Exception):
    """The server does not know the address."""


def _wait(told: str | None, attempt: int) -> float:
    try:
        return min(max(0.0, float(told or "")), _LONGEST_WAIT_S)
    except ValueError:
        return min(2.0**attempt, _LONGEST_WAIT_S)


def _resources(page: Json) -> list[Json]:
    entries = page.get("entry")
    held = [e.get("resource") for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    return [r for r in held if isinstance(r, dict) and r.get("resourceType") != "OperationOutcome"]


def pull(
    server: FhirServer, folder: Path, patient_ids: Iterable[str] = (), progress: Callable[[int], None] | None = None
) -> list[Path]:
    """Writes one bundle a patient into a folder; what is whole there already is not asked for again.

    Args:
        server: Whom to ask.
        folder: Where the bundles go; it holds patient data until it is ingested and removed.
        patient_ids: Whom to pull; everybody whom the server lists when none is named.
        progress: Called with 1 for each patient.

    Raises:
        InvalidRecord, StoreUnavailable: as `FhirServer.everything`; what was pulled before stays in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = []
    for patient_id in patient_ids or server.patients():
        path = folder / f"{hashlib.sha256(patient_id.encode()).hexdigest()[:24]}.json"
        if not path.exists():
            entries = [{"resource": resource} for resource in server.everything(patient_id)]
            part = path.with_suffix(".part")
            part.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), "utf-8")
            part.rename(path)  # a bundle is there whole or not at all
        written.append(path)
        if progress is not None:
            progress(1)
    return written
