"""Chat models by name: `embedded`, or `openai:…`, `anthropic:…`, `ollama:…`, or any OpenAI-compatible server."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from langchain_core.language_models import BaseChatModel

from agents.embedded.chat_model import EmbeddedChatModel
from agents.embedded.planner import Planner
from agents.embedded.reading.calculator_names import ModelNames
from agents.embedded.reading.reader import Reader
from agents.embedded.routing.router import Embeds, Router, parse_exemplars
from agents.privacy.policy import Policy, is_loopback, parse_policies
from agents.runtime.faults import NotPermitted, fault_of
from domain.errors import ModelUnavailable
from tools.concepts import Lexicon, default_lexicon
from twin_backend.service import TwinBackend

PROVIDERS = ("openai", "anthropic", "ollama")
_HOMES = {  # named here, so that no environment variable of a library sends the record elsewhere
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://127.0.0.1:11434",
}
MAX_TOKENS = 2048
_CONNECT_S = 5.0


def build_embedded_model(
    twin: TwinBackend,
    embedder: Embeds | None = None,
    *,
    lexicon: Lexicon | None = None,
    exemplars: Path | None = None,
    cache_dir: Path | None = None,
) -> EmbeddedChatModel:
    """The embedded model over the packaged exemplars and a hospital's own (`exemplars`, same file form)."""
    from agents.embedded.second_gear import build_second_gear

    extra_names = json.loads(
        resources.files("agents.embedded").joinpath("model_names.json").read_text(encoding="utf-8")
    )
    extra = parse_exemplars(exemplars.read_text(encoding="utf-8"), exemplars.name) if exemplars is not None else []
    router = Router(embedder, extra, cache_dir)
    reader = Reader(lexicon or default_lexicon(), ModelNames(twin.catalogue(), extra_names), router.words)
    return EmbeddedChatModel(planner=Planner(reader, router, build_second_gear(embedder)))


class ChosenModel(NamedTuple):
    """The configured model, or why it is not asked."""

    model: BaseChatModel | None = None  # None: the embedded one
    deidentify: bool = False
    not_asked: str = ""  # the end of a sentence that begins "The configured model"


def choose_model(
    name: str, base_url: str = "", api_key: str = "", *, privacy: str = "", timeout_s: float = 60.0
) -> ChosenModel:
    """The model of a name, as far as the privacy policy lets the record go there.

    Raises:
        ModelUnavailable: the provider is unknown or its package is not installed; the message names the extra.
        InvalidInput: the policy is not known.
    """
    policies = parse_policies(privacy)
    if name == "embedded":
        return ChosenModel()
    provider, _ = provider_of(name, base_url)
    try:
        policy = policies.for_model(provider, base_url or _HOMES[provider])
    except NotPermitted as error:
        return ChosenModel(not_asked=fault_of(error).reason)
    model = build_remote_model(name, base_url, api_key, timeout_s=timeout_s)
    return ChosenModel(model, deidentify=policy is Policy.DEIDENTIFY)


def provider_of(name: str, base_url: str = "") -> tuple[str, str]:
    """Provider and model of a name; with a `base_url` any other name is a model of an OpenAI-compatible server.

    Raises:
        ModelUnavailable: neither.
    """
    provider, _, model = name.partition(":")
    if provider in PROVIDERS and model:
        return provider, model
    if base_url and name.strip(" :") and provider not in (*PROVIDERS, "embedded"):
        return "openai", name
    raise ModelUnavailable(
        f"model {name!r} is not known; use embedded, openai:NAME, anthropic:NAME or ollama:NAME, or any name with "
        "CHARTTWIN_BASE_URL"
    )


def build_remote_model(
    name: str, base_url: str = "", api_key: str = "", *, timeout_s: float = 60.0, max_tokens: int = MAX_TOKENS
) -> BaseChatModel:
    """A chat model of a provider. Building it sends nothing.

    The clients do not retry by themselves (`agents.runtime.configured` counts its tries), follow no redirect to
    another host, and reach a server on this machine past any proxy.

    Args:
        name: `provider:model`, or with `base_url` any name that the server knows.
        base_url: Where the model is served; the provider's own address when empty.
        api_key: Its key, where it wants one.
        timeout_s: Seconds that a reply may pause.
        max_tokens: The longest reply.

    Raises:
        ModelUnavailable: the provider is unknown or its package is not installed; the message names the extra.
    """
    provider, model = provider_of(name, base_url)
    builders = {"openai": _openai, "anthropic": _anthropic, "ollama": _ollama}
    address = base_url or _HOMES[provider]
    try:
        return builders[provider](model, address, api_key, timeout_s, max_tokens)
    except ImportError as error:
        raise ModelUnavailable(f"{name} needs the extra: pip install 'charttwin[{provider}]'") from error


def _openai(model: str, address: str, api_key: str, timeout_s: float, max_tokens: int) -> BaseChatModel:
    import openai
    from langchain_openai import ChatOpenAI

    is_home = address == _HOMES["openai"]
    timeout = openai.Timeout(timeout_s, connect=_CONNECT_S)
    options: dict[str, Any] = {"store": False} if is_home else {}  # other servers do not know the field
    if api_key or not is_home:
        options["api_key"] = api_key or "none"  # the client wants one, a server of one's own does not
    client = openai.DefaultHttpxClient(timeout=timeout, trust_env=not is_loopback(address), follow_redirects=False)
    return ChatOpenAI(
        model=model,
        base_url=address,
        temperature=0,
        max_completion_tokens=max_tokens,
        max_retries=0,
        timeout=timeout,
        stream_usage=False,
        use_responses_api=False,
        http_socket_options=(),
        http_client=client,
        **options,
    )


def _anthropic(model: str, address: str, api_key: str, timeout_s: float, max_tokens: int) -> BaseChatModel:
    import anthropic
    from langchain_anthropic import ChatAnthropic

    options: dict[str, Any] = {"api_key": api_key or "none"} if api_key or is_loopback(address) else {}
    made = ChatAnthropic(
        model=model, base_url=address, max_tokens=max_tokens, max_retries=0, timeout=timeout_s, **options
    )
    # It has no setting for its HTTP client, and its own follows redirects and sends what is local through a proxy.
    # Without a mount of its own a scheme goes through the proxy that the environment names.
    past_proxy: dict[str, Any] = {"mounts": {"http://": None, "https://": None, "all://": None}}
    client = anthropic.DefaultHttpxClient(
        timeout=anthropic.Timeout(timeout_s, connect=_CONNECT_S),
        follow_redirects=False,
        **(past_proxy if is_loopback(address) else {}),
    )
    made.__dict__["_client"] = anthropic.Client(**{**made._client_params, "http_client": client})
    return made


def _ollama(model: str, address: str, api_key: str, timeout_s: float, max_tokens: int) -> BaseChatModel:
    from langchain_ollama import ChatOllama

    client: dict[str, Any] = {
        "timeout": (_CONNECT_S, timeout_s, timeout_s, timeout_s),
        "trust_env": not is_loopback(address),
        "follow_redirects": False,
    }
    if api_key:
        client["headers"] = {"Authorization": f"Bearer {api_key}"}
    return ChatOllama(
        model=model, base_url=address, temperature=0, num_predict=max_tokens, num_ctx=32_768, client_kwargs=client
    )
