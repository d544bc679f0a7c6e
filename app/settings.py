"""The one settings model, and the only reader of the environment."""

from __future__ import annotations

import os
import sys
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import InvalidInput

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")

# Set before the libraries are imported: no telemetry, no version checks, no look-ups at model hubs.
_OFFLINE_ENVIRONMENT = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "DO_NOT_TRACK": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def default_data_dir() -> Path:
    """The folder of this user that holds the record store when none is named."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "charttwin"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "charttwin"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "charttwin"


class Settings(BaseSettings):
    """Everything that can be set from outside, as `CHARTTWIN_<NAME>`; command-line options override it."""

    model_config = SettingsConfigDict(env_prefix="CHARTTWIN_", extra="ignore", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Field(default_factory=default_data_dir)
    model: str = "embedded"
    base_url: str = ""  # of an OpenAI-compatible server, for models that run elsewhere
    api_key: SecretStr = SecretStr("")
    privacy: str = "local"  # what may leave this machine: local, deidentify or allow, or by provider
    time_budget_s: float = Field(default=60, ge=1, le=3600)  # of one question to a model other than embedded
    embedder: str = "embedded"
    exemplars: Path | None = None  # a hospital's own phrasings, see docs/how-to/add-exemplars.md
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=0, le=65535)
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()  # comma-separated in the environment
    seed: int = 0
    fhir_key: SecretStr = SecretStr("")  # of the server that `charttwin ingest --fhir-server` pulls from
    twin_url: str = ""  # of `charttwin twin serve` elsewhere; the models run in this process when empty
    twin_key: SecretStr = SecretStr("")  # an access key of that server
    twin_manifests: Annotated[tuple[Path, ...], NoDecode] = ()  # further models; comma-separated in the environment
    log_level: Literal["debug", "info", "warning", "error"] = "warning"
    max_question_bytes: int = Field(default=64 * 1024, ge=1024)
    memory_url: SecretStr = SecretStr("")  # postgresql://… for conversations; a file of the data directory when empty
    memory_key: SecretStr = SecretStr("")  # 32 random bytes, as hex or base64; conversations are not encrypted without
    memory_old_keys: SecretStr = SecretStr("")  # keys of before, comma-separated
    memory_days: int = Field(default=0, ge=0)  # conversations unused for longer are removed at start; 0 keeps them
    access: Literal["local", "keys", "oidc"] = "local"  # local: no sign-in, loopback only
    requests_per_minute: int = Field(default=1200, ge=0)  # of one caller; 0 means no limit
    session_minutes: int = Field(default=600, ge=1)
    session_idle_minutes: int = Field(default=30, ge=1)
    break_glass_minutes: int = Field(default=60, ge=1)
    audit_key: SecretStr = SecretStr("")  # seals the trail, so that nobody without it can write it anew
    oidc_issuer: str = ""
    oidc_audience: str = ""
    oidc_client_id: str = ""  # of the browser's sign-in; tokens of other clients need none
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_roles_claim: str = "roles"

    @field_validator("data_dir")
    @classmethod
    def _expand(cls, value: Path) -> Path:
        return value.expanduser()

    @field_validator("privacy")
    @classmethod
    def _known_policy(cls, value: str) -> str:
        from agents.privacy.policy import parse_policies

        try:
            parse_policies(value)
        except InvalidInput as error:
            raise ValueError(error.message) from None
        return value

    @field_validator("allowed_hosts", "twin_manifests", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(filter(None, (name.strip() for name in value.split(",")))) if isinstance(value, str) else value

    @cached_property
    def host_names(self) -> frozenset[str]:
        """The Host headers that are answered; anything else is a page that was lured here."""
        return frozenset({*LOOPBACK_HOSTS, self.host, *self.allowed_hosts})

    @property
    def twin_runs_path(self) -> Path:
        """Where the twin's runs are kept."""
        return self.data_dir / "twin_runs.sqlite3"

    @property
    def conversations_path(self) -> Path:
        """Where conversations are kept, unless a database is named for them."""
        return self.data_dir / "conversations.sqlite3"


def load_settings(**overrides: Any) -> Settings:
    """The settings from environment and overrides; an override of None counts as not given.

    Raises:
        InvalidInput: a value cannot be used; the message names every faulty setting.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise InvalidInput(f"settings cannot be used: {faults}") from None


def go_offline(settings: Settings) -> None:
    """Switch off telemetry and downloads of the libraries; call before they are imported."""
    for name, value in _OFFLINE_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("GRADIO_TEMP_DIR", str(settings.data_dir / "uploads"))
