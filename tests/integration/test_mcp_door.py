"""The MCP door, used through the `mcp` client: over HTTP with a key, and over standard input and output."""

from __future__ import annotations

import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from app.access.callers import Role
from app.api.main import build_app
from app.assembly import Services
from app.settings import load_settings
from tests.integration.serving import served
from tests.unit.test_app_scripted import PATIENT_ID, loaded_record

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(loaded_record(), tmp_path_factory.mktemp("mcp") / "data"))


@pytest.fixture(scope="module")
def door(data_dir: Path) -> Iterator[tuple[str, str]]:
    """The address of the patient's connection, and a key that reaches the patient."""
    services = Services(load_settings(data_dir=data_dir, access="keys"))
    services.gate.register.add("agent", frozenset({Role.INTEGRATOR}))
    services.gate.register.allow("agent", PATIENT_ID)
    key = services.gate.register.issue_key("agent")
    with served(build_app(services, with_ui=False, warm=False)) as address:
        yield address, key


@asynccontextmanager
async def connected(address: str, key: str) -> AsyncIterator[Client]:
    import httpx2

    async with (
        httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=60) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


def text_of(result: Any) -> str:
    return "\n".join(part.text for part in result.content)


async def tour(client: Client) -> None:
    """What an agent does: look at the tools, call some, read a note, take a prompt."""
    tools = (await client.list_tools()).tools
    names = {tool.name for tool in tools}
    assert {"ask", "latest", "allergies", "what_if", "search_notes"} <= names
    assert not any("patient_id" in (tool.input_schema.get("properties") or {}) for tool in tools)
    weight = await client.call_tool("latest", {"concept": "body_weight"})
    assert not weight.is_error and "84" in text_of(weight) and "[Observation/" in text_of(weight)
    assert weight.structured_content["found"] is True
    answer = await client.call_tool("ask", {"question": "latest weight?"})
    assert "84" in text_of(answer) and answer.structured_content["citations"]
    for name, arguments in (
        ("latest", {"concept": "x", "patient_id": "other"}),
        ("nothing", {}),
        ("ask", {"question": 3}),
    ):
        refused = await client.call_tool(name, arguments)
        assert refused.is_error and text_of(refused)
    notes = (await client.list_resources()).resources
    assert notes and (await client.read_resource(notes[0].uri)).contents[0].text  # type: ignore[union-attr]
    with pytest.raises(MCPError):
        await client.read_resource("charttwin://note/of-another-patient")
    prompts = {prompt.name for prompt in (await client.list_prompts()).prompts}
    assert "medication-review" in prompts
    filled = await client.get_prompt("result", {"test": "creatinine"})
    assert "creatinine" in filled.messages[0].content.text  # type: ignore[union-attr]
    with pytest.raises(MCPError):
        await client.get_prompt("result", {})


def test_over_http(door: tuple[str, str]) -> None:
    address, key = door

    async def go() -> None:
        async with connected(f"{address}/mcp/{PATIENT_ID}?as_of=2022-01-01", key) as client:
            await tour(client)

    anyio.run(go)


def test_without_a_key_or_for_a_patient_out_of_reach_nothing_is_told(door: tuple[str, str]) -> None:
    address, key = door
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "patient_card", "arguments": {}}}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(f"{address}/mcp/{PATIENT_ID}", json=body, headers=accept).status_code == 401

    async def go() -> None:
        async with connected(f"{address}/mcp/another", key) as client:
            with pytest.raises(MCPError, match="reach"):
                await client.list_tools()
            refused = await client.call_tool("patient_card", {})
            assert refused.is_error and "reach" in text_of(refused)

    anyio.run(go)


def test_over_standard_input_and_output(data_dir: Path) -> None:
    arguments = ["-m", "app.cli", "mcp", "--patient", PATIENT_ID, "--as-of", "2022-01-01", "--data-dir", str(data_dir)]
    server = StdioServerParameters(command=sys.executable, args=arguments, cwd=str(Path(__file__).parents[2]))

    async def go() -> None:
        with anyio.fail_after(120):
            async with Client(server) as client:
                await tour(client)

    anyio.run(go)
