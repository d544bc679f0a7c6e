"""The graph over each provider's own client and wire form: OpenAI's chat completions, Anthropic's messages, Ollama's chat.

The server is of this process and plays a script, so that calls, streaming, refusals and broken streams can be told exactly.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from agents.assistant import build_assistant
from domain.answers import Answer
from tests.conftest import NOW, Bench
from tests.integration.serving import served

PROVIDERS = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(package) is None, reason=f"no extra {name}"))
    for name, package in (
        ("openai", "langchain_openai"),
        ("anthropic", "langchain_anthropic"),
        ("ollama", "langchain_ollama"),
    )
]
KEY = "sk-of-the-hospital-71"
LDL = "Latest LDL cholesterol: 150 mg/dL on 2026-06-09 [1]."


class Says(NamedTuple):
    """One reply of the server: words, a call, a status, or words and then a broken connection."""

    text: str = ""
    call: tuple[str, dict[str, Any]] | None = None
    status: int = 200
    breaks: bool = False


LOOKS = Says(call=("latest", {"concept": "LDL"}))


class Provider:
    """Plays `script`, one entry for each request, in the wire form of the address that is asked; keeps what it was sent."""

    def __init__(self, script: Sequence[Says]) -> None:
        self.script = list(script)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        forms = {"/chat/completions": _openai, "/v1/messages": _anthropic, "/api/chat": _ollama}
        self.app = Starlette(routes=[Route(path, self._door(form), methods=["POST"]) for path, form in forms.items()])

    def _door(self, form: Any) -> Any:
        async def reply(request: Request) -> Response:
            self.bodies.append(await request.json())
            self.headers.append(dict(request.headers))
            says = self.script.pop(0) if self.script else Says("Nothing more to say.")
            if says.status != 200:
                return JSONResponse({"error": {"type": "x", "message": "no", "code": "x"}}, says.status)
            return StreamingResponse(_sent(form(says), says.breaks), media_type=_MEDIA[form])

        return reply

    @property
    def sent(self) -> str:
        return json.dumps(self.bodies)


async def _sent(lines: Iterator[str], breaks: bool) -> AsyncIterator[str]:
    for number, line in enumerate(lines):
        if breaks and number == 3:
            raise ConnectionResetError("the server dies in the middle")
        yield line


def _openai(says: Says) -> Iterator[str]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return f"data: {json.dumps({'id': 'c', 'object': 'chat.completion.chunk', 'created': 1, 'model': 'm', 'choices': [choice]})}\n\n"

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(says.text):
        yield chunk({"content": piece})
    if says.call is not None:
        name, arguments = says.call
        yield chunk(
            {"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": ""}}]}
        )
        for piece in _pieces(json.dumps(arguments)):
            yield chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]})
    yield chunk({}, "tool_calls" if says.call else "stop")
    yield "data: [DONE]\n\n"


def _anthropic(says: Says) -> Iterator[str]:
    def event(kind: str, **fields: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"

    usage = {"input_tokens": 1, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "stop_reason": None,
        "usage": usage,
    }
    yield event("message_start", message=message)
    index = 0
    if says.text:
        yield event("content_block_start", index=index, content_block={"type": "text", "text": ""})
        for piece in _pieces(says.text):
            yield event("content_block_delta", index=index, delta={"type": "text_delta", "text": piece})
        yield event("content_block_stop", index=index)
        index += 1
    if says.call is not None:
        name, arguments = says.call
        yield event(
            "content_block_start",
            index=index,
            content_block={"type": "tool_use", "id": "toolu_1", "name": name, "input": {}},
        )
        for piece in _pieces(json.dumps(arguments)):
            yield event("content_block_delta", index=index, delta={"type": "input_json_delta", "partial_json": piece})
        yield event("content_block_stop", index=index)
    yield event(
        "message_delta", delta={"stop_reason": "tool_use" if says.call else "end_turn"}, usage={"output_tokens": 2}
    )
    yield event("message_stop")


def _ollama(says: Says) -> Iterator[str]:
    def line(message: dict[str, Any], **fields: Any) -> str:
        row = {
            "model": "m",
            "created_at": "2026-11-01T00:00:00Z",
            "message": {"role": "assistant", "content": "", **message},
        }
        return json.dumps({**row, "done": False, **fields}) + "\n"

    for piece in _pieces(says.text):
        yield line({"content": piece})
    if says.call is not None:
        name, arguments = says.call
        yield line({"tool_calls": [{"function": {"name": name, "arguments": arguments}}]})
    yield line({}, done=True, done_reason="stop", eval_count=1, prompt_eval_count=1, total_duration=1)


_MEDIA = {_openai: "text/event-stream", _anthropic: "text/event-stream", _ollama: "application/x-ndjson"}


def _pieces(text: str) -> list[str]:
    return [text[i : i + 7] for i in range(0, len(text), 7)]


class Asked(NamedTuple):
    """What came of one question."""

    answer: Answer
    events: list[Any]
    provider: Provider


@contextmanager
def asked(bench: Bench, provider: str, *script: Says, question: str = "latest LDL?", **options: Any) -> Iterator[Asked]:
    server = Provider(script)
    with served(server.app) as url:
        assistant = build_assistant(
            bench.store, None, bench.twin, model=f"{provider}:some-model", base_url=url, api_key=KEY,
            time_budget_s=20, **options,
        )  # fmt: skip
        events = list(assistant.stream("demo-ct-002", question, as_of=NOW))
        yield Asked(Answer.model_validate(events[-1].data), events, server)


@pytest.mark.parametrize("provider", PROVIDERS)
class TestEachProvider:
    def test_it_calls_a_tool_and_its_answer_is_given(self, provider: str, cohort: Bench) -> None:
        with asked(cohort, provider, LOOKS, Says(LDL)) as got:
            assert got.answer.text == LDL and not got.answer.warnings and got.answer.citations
            assert [c.name for c in got.answer.tool_calls][-1] == "latest"
            assert "".join(e.data["text"] for e in got.events if e.kind == "token") == LDL
            first, second = got.provider.bodies
            assert len(first["tools"]) > 30 and first["model"] == "some-model" and first["stream"] is True
            # The result goes back to the model inside its fence, answered to its own call.
            assert "150" in json.dumps(second) and "latest LDL?" in json.dumps(second)
            assert KEY in json.dumps(got.provider.headers[0]) and KEY not in got.provider.sent

    def test_words_before_a_call_are_not_an_answer(self, provider: str, cohort: Bench) -> None:
        with asked(cohort, provider, Says("Let me look. It is 99871.", LOOKS.call), Says(LDL)) as got:
            assert got.answer.text == LDL and "99871" not in json.dumps([e.data for e in got.events])

    def test_a_number_that_no_tool_gave_never_arrives(self, provider: str, cohort: Bench) -> None:
        wrong = Says("Latest LDL cholesterol: 71 mg/dL on 2026-06-09 [1].")
        with asked(cohort, provider, LOOKS, wrong, wrong) as got:
            assert "71" not in got.answer.text and "150" in got.answer.text
            assert "71 mg" not in "".join(e.data["text"] for e in got.events if e.kind == "token")

    @pytest.mark.parametrize(("status", "calls"), [(401, 1), (404, 1), (429, 2), (500, 2)])
    def test_a_refusal_is_told_and_the_embedded_model_answers(
        self, provider: str, status: int, calls: int, cohort: Bench
    ) -> None:
        with asked(cohort, provider, *[Says(status=status)] * 4) as got:
            assert "150" in got.answer.text
            [warning] = got.answer.warnings
            assert "the embedded model answered instead" in warning and KEY not in warning
            assert len(got.provider.bodies) == calls  # the client adds no tries of its own

    def test_a_stream_that_breaks_off_is_not_used(self, provider: str, cohort: Bench) -> None:
        half = Says("Latest LDL cholesterol: 150 mg/dL on 2026-06-09 and then much more.", breaks=True)
        with asked(cohort, provider, LOOKS, half, half) as got:
            assert "150" in got.answer.text and "much more" not in got.answer.text
            assert "the embedded model answered instead" in got.answer.warnings[0]
            assert any(e.kind == "reset" for e in got.events)

    def test_what_leaves_is_masked_and_what_comes_back_is_not(self, provider: str, cohort: Bench) -> None:
        born = Says(call=("demographics", {}))
        question = "when was Maria Gonzalez born?"
        with asked(
            cohort, provider, born, Says("See the record."), question=question, privacy=f"{provider}=deidentify"
        ) as got:
            assert len(got.provider.bodies) == 2
            for own in ("Gonzalez", "Maria", "1968-04-12", "CT-774120"):
                assert own not in got.provider.sent
            assert any("1968-04-12" in c.summary for c in got.answer.tool_calls)
