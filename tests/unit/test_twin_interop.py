"""Outside models behind the twin: each kind run from a real model file made here, against its closed form.

All of them hold the same body: one compartment after a bolus, C(t) = dose / V * exp(-k t). With dose 500 mg, V 25 L and
k ln(2)/6 per h (half-life 6 h): C(0) = 20 mg/L, C(6) = 10 mg/L, C(24) = 1.25 mg/L.
"""

from __future__ import annotations

import ast
import json
import math
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from domain.errors import InvalidInput, MissingCovariate, ModelUnavailable, SolverFailed
from domain.predictions import Scenario
from twin_backend import LocalTwin, build_twin
from twin_backend.interop import load_models

K = math.log(2) / 6
INPUTS = {"dose_mg": 500, "volume_l": 25}
SBML = f"""<?xml version="1.0" encoding="UTF-8"?>
<sbml xmlns="http://www.sbml.org/sbml/level2/version4" level="2" version="4">
  <model id="bolus">
    <listOfCompartments><compartment id="body" size="1" constant="false"/></listOfCompartments>
    <listOfSpecies>
      <species id="drug" compartment="body" initialAmount="0" hasOnlySubstanceUnits="true"/>
    </listOfSpecies>
    <listOfParameters>
      <parameter id="k" value="{K!r}"/>
      <parameter id="V" value="1"/>
      <parameter id="C" constant="false"/>
    </listOfParameters>
    <listOfRules>
      <assignmentRule variable="C">
        <math xmlns="http://www.w3.org/1998/Math/MathML"><apply><divide/><ci>drug</ci><ci>V</ci></apply></math>
      </assignmentRule>
    </listOfRules>
    <listOfReactions>
      <reaction id="elimination" reversible="false">
        <listOfReactants><speciesReference species="drug"/></listOfReactants>
        <kineticLaw>
          <math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><ci>k</ci><ci>drug</ci></apply></math>
        </kineticLaw>
      </reaction>
    </listOfReactions>
  </model>
</sbml>
"""
PROGRAM = f"""
import json, math, sys
request = json.loads(sys.stdin.readline())
inputs, n = request["inputs"], request["points"]
if inputs["dose"] == 666:
    print("a patient's value: 666", file=sys.stderr)
    sys.exit(3)
times = [request["stop"] * i / (n - 1) for i in range(n)]
course = [inputs["dose"] / inputs["V"] * math.exp(-{K!r} * t) for t in times]
answers = {{
    500: {{"protocol": 1, "times": times, "values": {{"C": course}}, "solver": "closed form", "warnings": ["Mind me."]}},
    501: {{"protocol": 2}}, 502: {{"protocol": 1, "error": "dose 502"}}, 503: [], 504: {{"protocol": 1}},
    505: {{"protocol": 1, "times": times[::-1], "values": {{"C": course}}}},
    506: {{"protocol": 1, "times": times, "values": {{"C": course[1:]}}}},
    507: {{"protocol": 1, "times": times, "values": {{"C": [float("nan")] * n}}}},
    508: {{"protocol": 1, "times": times, "values": {{}}}},
}}
print("not JSON" if inputs["dose"] == 509 else json.dumps(answers.get(inputs["dose"], answers[500])))
"""
SLAVE = f"""
import math
from pythonfmu import Fmi2Causality, Fmi2Slave, Fmi2Variability, Real

class Bolus(Fmi2Slave):
    author = "a test"
    description = "One compartment after a bolus"

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dose = 0.0
        self.V = 1.0
        self.C = 0.0
        for name in ("dose", "V"):
            self.register_variable(Real(name, causality=Fmi2Causality.parameter, variability=Fmi2Variability.tunable))
        self.register_variable(Real("C", causality=Fmi2Causality.output))

    def exit_initialization_mode(self):
        self.C = self.dose / self.V

    def do_step(self, current_time, step_size):
        self.C = self.dose / self.V * math.exp(-{K!r} * (current_time + step_size))
        return True
"""


SLAVE_3 = f"""
from pythonfmu3 import Float64, Fmi3Causality, Fmi3Initial, Fmi3SlaveBase, Fmi3Variability, ModelExchange

class Bolus3(Fmi3SlaveBase, ModelExchange):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.author = "a test"
        self.description = "Drug in one compartment"
        self.time = 0.0
        self.dose = 0.0
        self.rate = 0.0
        self.V = 1.0
        moving = Fmi3Variability.continuous
        self.register_variable(Float64("time", causality=Fmi3Causality.independent, variability=moving))
        self.register_variable(
            Float64("dose", causality=Fmi3Causality.output, start=0, variability=moving, initial=Fmi3Initial.exact))
        self.register_variable(Float64("rate", causality=Fmi3Causality.local, variability=moving, derivative=1))
        self.register_variable(Float64("V", causality=Fmi3Causality.parameter, variability=Fmi3Variability.fixed))
        self.register_variable(Float64(
            "C", causality=Fmi3Causality.output, variability=moving, initial=Fmi3Initial.calculated,
            getter=lambda: self.dose / self.V))

    def get_continuous_state_derivatives(self):
        self.rate = -{K!r} * self.dose
        return [self.rate]
"""
MODELICA = f"""
model Bolus
  parameter Real dose = 1;
  parameter Real V = 1;
  Real drug(start = dose, fixed = true);
  output Real C;
equation
  der(drug) = -{K!r} * drug;
  C = drug / V;
end Bolus;
"""


def manifest(folder: Path, engine: dict[str, Any]) -> Path:
    """A manifest of the body above."""
    content = {
        "model": {
            "id": "bolus", "version": "1.0.0", "title": "A bolus", "summary": "Concentration after a bolus.",
            "source": "made for a test", "doi": "10.0/test", "population": "none", "context_of_use": "tests",
            "limitations": ["A test."], "aliases": ["one compartment"],
        },
        "engine": {"stop": 24, "points": 97, "time_unit": "h", **engine},
        "inputs": [
            {"name": "dose_mg", "label": "Dose", "unit": "mg", "plausible": [1, 5000], "derivation": [100, 1000],
             "variable": "init(drug)" if engine["kind"] == "sbml" else "dose"},
            {"name": "volume_l", "label": "Volume", "unit": "L", "plausible": [1, 500], "variable": "V"},
        ],
        "outputs": [
            {"name": "peak", "label": "Peak", "unit": "mg/L", "variable": "C", "take": "max"},
            {"name": "trough", "label": "Trough", "unit": "mg/L", "variable": "C", "take": "last"},
            {"name": "mean", "label": "Mean", "unit": "mg/L", "variable": "C", "take": "mean"},
            {"name": "peak_time", "label": "Time of the peak", "unit": "h", "variable": "C", "take": "time_of_max"},
        ],
        "series": [{"name": "c", "label": "Concentration", "unit": "mg/L", "variable": "C"}],
    }  # fmt: skip
    path = folder / "bolus.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def sbml(tmp_path: Path) -> Path:
    pytest.importorskip("roadrunner")
    (tmp_path / "bolus.xml").write_text(SBML, encoding="utf-8")
    return manifest(tmp_path, {"kind": "sbml", "file": "bolus.xml"})


@pytest.fixture
def fmu(tmp_path: Path) -> Path:
    pytest.importorskip("fmpy")
    builder = pytest.importorskip("pythonfmu.builder").FmuBuilder
    (tmp_path / "bolus_slave.py").write_text(SLAVE, encoding="utf-8")
    builder.build_FMU(tmp_path / "bolus_slave.py", dest=tmp_path)
    return manifest(tmp_path, {"kind": "fmu", "file": "Bolus.fmu"})


@pytest.fixture
def fmu3(tmp_path: Path) -> Path:
    pytest.importorskip("fmpy")
    builder = pytest.importorskip("pythonfmu3.builder").FmuBuilder
    (tmp_path / "bolus_slave_3.py").write_text(SLAVE_3, encoding="utf-8")
    builder.build_FMU(tmp_path / "bolus_slave_3.py", dest=tmp_path)
    return manifest(tmp_path, {"kind": "fmu", "file": "Bolus3.fmu"})


@pytest.fixture
def modelica(tmp_path: Path) -> Path:
    pytest.importorskip("rumoca")
    (tmp_path / "bolus.mo").write_text(MODELICA, encoding="utf-8")
    return manifest(tmp_path, {"kind": "modelica", "file": "bolus.mo"})


def process(folder: Path, **engine: Any) -> Path:
    (folder / "engine.py").write_text(PROGRAM, encoding="utf-8")
    return manifest(folder, {"kind": "process", "command": [sys.executable, "engine.py"], **engine})


@pytest.fixture(name="process")
def _process(tmp_path: Path) -> Path:
    return process(tmp_path)


def twin_of(path: Path) -> LocalTwin:
    return build_twin(seed=1, extra_models=load_models(path))


@pytest.mark.parametrize("kind", ["sbml", "fmu", "fmu3", "modelica", "process"])
def test_an_outside_model_answers_as_its_closed_form(request: pytest.FixtureRequest, kind: str) -> None:
    twin = twin_of(request.getfixturevalue(kind))
    run = twin.simulate("one compartment", {"dose_mg": {"value": 0.5, "unit": "g"}, "volume_l": 25})
    series = run.series[0]
    assert series.times[0] == 0 and series.times[-1] == pytest.approx(24) and len(series.times) == 97
    for time, value in zip(series.times, series.values, strict=True):
        assert value == pytest.approx(20 * math.exp(-K * time), rel=1e-5)
    found = {output.name: output.value for output in run.outputs}
    mean = 20 * (1 - math.exp(-K * 24)) / (K * 24)
    # trapezoids over 0.25 h steps: their error is h^2 k^2 / 12 = 7e-5 of the mean
    assert found["mean"] == pytest.approx(mean, rel=1e-4)
    assert (found["peak"], found["trough"], found["peak_time"]) == pytest.approx((20, 1.25, 0), rel=1e-5)
    assert twin.replay(run.id).identical
    assert {item.name: (item.value, item.unit) for item in run.inputs} == {
        "dose_mg": (500, "mg"),
        "volume_l": (25, "L"),
    }
    assert ("sha256" in run.solver) == (kind != "process")
    doubled = twin.compare("bolus", INPUTS, [Scenario(name="double", changes={"dose_mg": {"multiply": 2}})])
    row = next(row for row in doubled.differences if row["output"] == "trough")
    assert row["difference"] == pytest.approx(1.25, rel=1e-5)


def test_bounds_and_missing_inputs_are_checked_before_anything_runs(process: Path) -> None:
    twin = twin_of(process)
    with pytest.raises(InvalidInput, match="dose_mg 9000 mg is outside 1 to 5000"):
        twin.predict("bolus", {"dose_mg": 9000, "volume_l": 25})
    with pytest.raises(InvalidInput, match="volume_l"):
        twin.predict("bolus", {"dose_mg": 500, "volume_l": {"value": 25, "unit": "kg"}})
    with pytest.raises(MissingCovariate) as error:
        twin.predict("bolus", {})
    assert error.value.details["missing"] == ["dose_mg", "volume_l"]
    run = twin.predict("bolus", {"dose_mg": 2000, "volume_l": 25})
    assert run.outside_derivation == ("dose_mg 2000 mg is outside 100 to 1000",) and "Mind me." in run.warnings


@pytest.mark.parametrize("dose", [501, 502, 503, 504, 505, 506, 507, 508, 509, 666])
def test_a_program_that_fails_or_answers_otherwise_is_not_believed(process: Path, dose: int) -> None:
    with pytest.raises(SolverFailed) as error:
        twin_of(process).predict("bolus", {"dose_mg": dose, "volume_l": 25})
    assert str(dose) not in error.value.message  # what the program says may quote a patient


def test_a_program_that_hangs_is_stopped(tmp_path: Path) -> None:
    path = process(tmp_path, timeout_s=0.5)
    (tmp_path / "engine.py").write_text("import time; time.sleep(60)", encoding="utf-8")
    with pytest.raises(SolverFailed, match=r"within 0\.5 s"):
        twin_of(path).predict("bolus", INPUTS)


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    path = manifest(tmp_path, {"kind": "process", "command": ["no-such-program-anywhere"]})
    with pytest.raises(ModelUnavailable, match="cannot be started"):
        twin_of(path).predict("bolus", INPUTS)


def test_a_recorded_exchange_is_answered_without_the_program(tmp_path: Path) -> None:
    live = twin_of(process(tmp_path, recording="exchanges.jsonl")).predict("bolus", INPUTS)
    (exchange,) = map(json.loads, (tmp_path / "exchanges.jsonl").read_text(encoding="utf-8").splitlines())
    assert exchange["request"]["inputs"] == {"dose": 500, "V": 25} and exchange["request"]["seed"] == 1
    twin = twin_of(process(tmp_path, recording="exchanges.jsonl", replay_only=True))
    (tmp_path / "engine.py").unlink()
    again = twin.predict("bolus", INPUTS)
    assert again.outputs == live.outputs and again.series == live.series and "(recorded)" in again.solver
    with pytest.raises(ModelUnavailable, match="not in the recording"):
        twin.predict("bolus", {**INPUTS, "dose_mg": 510})


def test_a_manifest_may_be_toml(tmp_path: Path) -> None:
    path = tmp_path / "bolus.toml"
    (tmp_path / "engine.py").write_text(PROGRAM, encoding="utf-8")
    path.write_text(
        textwrap.dedent(f"""
        [model]
        id = "bolus"
        version = "1.0.0"
        title = "A bolus"
        summary = "Concentration after a bolus."
        source = "made for a test"
        doi = "10.0/test"
        population = "none"
        context_of_use = "tests"
        limitations = ["A test."]

        [engine]
        kind = "process"
        command = [{json.dumps(sys.executable)}, "engine.py"]
        stop = 24.0

        [[inputs]]
        name = "dose_mg"
        label = "Dose"
        unit = "mg"
        plausible = [1.0, 5000.0]
        variable = "dose"

        [[inputs]]
        name = "volume_l"
        label = "Volume"
        unit = "L"
        plausible = [1.0, 500.0]
        variable = "V"
        default = 25.0
        default_source = "made for a test"

        [[outputs]]
        name = "trough"
        label = "Trough"
        unit = "mg/L"
        variable = "C"
        """),
        encoding="utf-8",
    )
    run = twin_of(path).predict("bolus", {"dose_mg": 500})
    assert run.output("trough").display == "1.25 mg/L" and run.filled == ("volume_l 25.0: made for a test",)


BAD_INPUT = {"name": "x", "label": "X", "unit": "bananas", "plausible": [2, 1], "variable": "x", "default": 1}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"inputs": [BAD_INPUT]}, "bananas.*plausible rises.*names its source"),
        ({"outputs": []}, "outputs"),
        ({"model": {"id": "Bad Id"}}, r"model\.id.*model\.version"),
        ({"strange": 1}, "strange"),
        ({"engine": {"kind": "sbml", "stop": 24}}, "fmu, sbml and modelica have a file"),
        ({"engine": {"kind": "sbml", "stop": 24, "file": "none.xml"}}, "no model file"),
        ({"engine": {"kind": "process", "stop": -1, "command": ["x"]}}, r"engine\.stop"),
        ({"outputs": [{"name": "t", "label": "T", "unit": "min", "variable": "C", "take": "time_of_max"}]}, "in the engine's unit"),
        ({"series": [{"name": "c", "label": "C", "unit": "mg/L", "variable": "C"}] * 2}, "c stands there twice"),
    ],
)  # fmt: skip
def test_a_manifest_that_cannot_be_used_is_refused_with_every_fault(tmp_path: Path, changes: Any, says: str) -> None:
    path = manifest(tmp_path, {"kind": "process", "command": ["x"]})
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InvalidInput, match=says):
        load_models(path)


@pytest.mark.parametrize(("name", "text"), [("a.toml", "[model"), ("a.json", "{"), ("a.json", "[]")])
def test_what_is_no_manifest_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=name):
        load_models(tmp_path / name)
    with pytest.raises(InvalidInput, match="cannot be read"):
        load_models(tmp_path / "none.toml")


def test_another_file_than_the_one_meant_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bolus.xml").write_text(SBML, encoding="utf-8")
    path = manifest(tmp_path, {"kind": "sbml", "file": "bolus.xml", "sha256": "0" * 64})
    with pytest.raises(InvalidInput, match="not the file meant"):
        load_models(path)


@pytest.mark.parametrize(("kind", "library"), [("sbml", "roadrunner"), ("fmu", "fmpy"), ("modelica", "rumoca")])
def test_without_the_extra_a_run_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    (tmp_path / "model").write_text("", encoding="utf-8")
    twin = twin_of(manifest(tmp_path, {"kind": kind, "file": "model"}))
    assert twin.describe("bolus").title == "A bolus"  # the catalogue needs no extra
    with pytest.raises(ModelUnavailable, match=rf"charttwin\[{kind}\]"):
        twin.predict("bolus", INPUTS)


@pytest.mark.parametrize("kind", ["sbml", "fmu", "modelica"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    pytest.importorskip({"sbml": "roadrunner", "fmu": "fmpy", "modelica": "rumoca"}[kind])
    (tmp_path / "model").write_text("nothing of the sort", encoding="utf-8")
    with pytest.raises(InvalidInput):
        twin_of(manifest(tmp_path, {"kind": kind, "file": "model"})).predict("bolus", INPUTS)


@pytest.mark.parametrize("kind", ["sbml", "fmu", "modelica"])
def test_a_variable_that_the_file_lacks_is_refused(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    path = request.getfixturevalue(kind)
    content = json.loads(path.read_text(encoding="utf-8"))
    for part in ("inputs", "outputs"):
        wrong = json.loads(json.dumps(content))
        wrong[part][1]["variable"] = "nothing"
        path.write_text(json.dumps(wrong), encoding="utf-8")
        with pytest.raises(InvalidInput, match="has no"):
            twin_of(path).predict("bolus", INPUTS)


def test_the_catalogue_imports_no_engine(process: Path) -> None:
    code = (
        "import pathlib, sys; from twin_backend import build_twin; from twin_backend.interop import load_models\n"
        "build_twin(extra_models=load_models(pathlib.Path(sys.argv[1]))).describe('bolus')\n"
        "print([name for name in sys.modules if name.startswith('twin_backend.interop.') or name in ('fmpy', 'roadrunner', 'rumoca')])"
    )
    done = subprocess.run([sys.executable, "-c", code, process], capture_output=True, text=True, check=True)
    assert sorted(ast.literal_eval(done.stdout)) == ["twin_backend.interop.adapter", "twin_backend.interop.manifest"]
