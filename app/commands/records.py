"""Records in, patients listed, cohorts made."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.assembly import Services
from app.commands.console import bar, counted, day, out_console, progress_of, remark, say
from app.commands.services import open_services, require_patients
from app.dates import now
from app.logs import log_event
from app.overview import age_on, patient_name
from domain.errors import InvalidInput, InvalidRecord
from knowledge_base.rows import Rejection

if TYPE_CHECKING:
    from knowledge_base.rows import IngestReport

_SHOWN_REJECTIONS = 20


def ingest(paths: list[Path], *, patient_id: str | None, data_dir: Path | None) -> None:
    """Load records and notes, and say how many of what, how long it took, and what was refused.

    Raises:
        InvalidRecord: nothing could be loaded.
    """
    if not paths:
        raise InvalidInput("name files or folders to load, or a server with --fhir-server URL")
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InvalidInput("no such file or folder: " + ", ".join(map(str, missing)))
    services = open_services(data_dir, create=True)
    services.store.patients()  # an unusable data directory shows before models are loaded
    try:
        report = ingest_with_progress(services, paths, patient_id=patient_id)
    except InvalidRecord as error:
        _print_rejections(error.details.get("rejected", ()))
        raise
    print_report(report)
    services.close()


def ingest_server(address: str, *, patient_id: str | None, data_dir: Path | None) -> None:
    """Pull the records of a FHIR server and load them. The bundles lie in the data directory until they are loaded.

    Raises:
        InvalidInput: the address cannot be used.
        InvalidRecord: the server's answers are not FHIR.
        StoreUnavailable: the server cannot be reached, or refuses; the next call goes on where this one stopped.
    """
    from knowledge_base.fhir_server import FhirServer, pull

    services = open_services(data_dir, create=True)
    services.store.patients()
    server = FhirServer(address, key=services.settings.fhir_key.get_secret_value())
    folder = services.settings.data_dir / "pulled" / hashlib.sha256(address.encode()).hexdigest()[:16]
    with progress_of("Pulling patients", None) as advance:
        pulled = pull(server, folder, [patient_id] if patient_id else (), advance)
    if not pulled:
        raise InvalidInput("the FHIR server lists no patient")
    report = ingest_with_progress(services, pulled)
    for path in pulled:
        path.unlink(missing_ok=True)
    print_report(report)
    services.close()


def ingest_with_progress(services: Services, paths: list[Path], *, patient_id: str | None = None) -> IngestReport:
    """Ingest with a progress bar on standard error."""
    from knowledge_base.ingest import ingest_paths

    with bar() as progress:
        task = progress.add_task("Starting", total=None)

        def show(done: int, total: int, stage: str) -> None:
            progress.update(task, description=stage, completed=done, total=total)

        # Without a pipeline: it is built when there are notes to read, and loading the same again reads none.
        report = ingest_paths(paths, services.store, services.index, progress=show, patient_id=patient_id)
    log_event("ingested", files=report.files, patients=len(report.patients), notes=report.notes, facts=report.facts)
    return report


def print_report(report: IngestReport) -> None:
    """Counts and time to standard output, refusals to standard error."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(report.resources.items()))
    say(
        f"{counted(report.files, 'file')}, {counted(len(report.patients), 'patient')}, "
        f"{counted(report.notes, 'note')}, {counted(report.facts, 'fact')} in {report.seconds:.1f} s"
    )
    if kinds:
        say(kinds)
    _print_rejections(report.rejected)


def _print_rejections(given: object) -> None:
    rejected = [item for item in given if isinstance(item, Rejection)] if isinstance(given, (list, tuple)) else []
    for item in rejected[:_SHOWN_REJECTIONS]:
        where = " ".join(filter(None, (item.file, item.path, item.resource_type)))
        remark(f"refused: {where}: {item.reason}")
    if len(rejected) > _SHOWN_REJECTIONS:
        kinds = Counter(item.resource_type or "file" for item in rejected[_SHOWN_REJECTIONS:])
        rest = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
        remark(f"and {len(rejected) - _SHOWN_REJECTIONS} more refused: {rest}")


def list_patients(*, data_dir: Path | None, as_json: bool) -> None:
    """Print the patients of the record store."""
    services = open_services(data_dir)
    rows = services.store.patients()
    if as_json:
        for row in rows:
            say(row.model_dump_json())
        return
    require_patients(services)
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("Patient", "Name", "Sex", "Born", "Age"):
        table.add_column(name, overflow="fold", no_wrap=name == "Patient")
    for row in rows:
        age = age_on(row.birth_date, (row.deceased or now()).date())
        born = row.birth_date.isoformat() if row.birth_date else ""
        died = f" (died {day(row.deceased)})" if row.deceased else ""
        table.add_row(row.id, patient_name(row), row.gender, born, f"{'' if age is None else age}{died}")
    out_console().print(table)


def load_demo(services: Services) -> None:
    """Load the demo cohort unless it is loaded already."""
    from knowledge_base.demo import demo_bundle_paths

    paths = demo_bundle_paths()
    known = {row.id for row in services.store.patients()}
    wanted = {_patient_of(json.loads(path.read_text(encoding="utf-8"))) for path in paths}
    if wanted and wanted <= known:
        remark(f"The demo cohort is loaded: {counted(len(wanted), 'patient')} in {services.settings.data_dir}")
        return
    remark("Loading the demo cohort, once")
    print_report(ingest_with_progress(services, paths))


def _patient_of(bundle: dict[str, Any]) -> str:
    resources = (entry["resource"] for entry in bundle["entry"])
    return next(str(resource["id"]) for resource in resources if resource["resourceType"] == "Patient")


def generate(count: int, seed: int, out: Path) -> None:
    """Write synthetic patients as FHIR bundles, one file each."""
    from knowledge_base.demo import generate_cohort

    try:
        out.mkdir(parents=True, exist_ok=True)
        with progress_of("Writing", count) as advance:
            for bundle in generate_cohort(count, seed):
                (out / f"{_patient_of(bundle)}.json").write_text(json.dumps(bundle, indent=1), encoding="utf-8")
                advance(1)
    except OSError as error:
        raise InvalidInput(f"{out} cannot be written: {error.strerror}") from None
    say(f"{counted(count, 'bundle')} in {out}")
