# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the recogniser of words from OpenAI's Whisper tiny.en (MIT licence).

`python tools/build_recogniser.py start --model DIR --out FILE` reads a folder with model.bin (as
CTranslate2 stores it) and tokenizer.json, and keeps the tokens that English words need.
`python -m training.train_recogniser` goes on from there, and
`python tools/build_recogniser.py pack --trained FILE [--bits 6]` writes
model_runtime/weights/recogniser.safetensors. Needs the package `tokenizers`.
"""

from __future__ import annotations

import argparse
import gzip
import re
import struct
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from model_runtime.lexicon import LEXICON_FILE  # noqa: E402
from model_runtime.packed import load_packed, save_packed  # noqa: E402
from model_runtime.recognise import recogniser_config  # noqa: E402
from model_runtime.recogniser import Recogniser, RecogniserConfig  # noqa: E402
from model_runtime.weights import (  # noqa: E402
    WEIGHTS_DIR,
    load_state,
    read_metadata,
    save_model,
    write_checksums,
)

END, START, UNTIMED, SILENT = 50256, 50257, 50362, 50361  # tokens of tiny.en without letters
MARKS = """. , ? ! - ' " ; : ... ." ," ?" !" -- 's 't 've 're 'll 'd 'm""".split()
SPACED_MARKS = ('"', "-", "--", "'", "")  # with a space in front
NEEDED = 6  # a piece of a word is kept that so many written forms need
USUAL = 20_000  # a name is kept as a whole up to this number; tokens go by frequency
Arrays = dict[str, npt.NDArray[Any]]


def read_binary(path: Path) -> Arrays:
    """The variables of a CTranslate2 model file (its specification's binary format, version 6)."""
    types = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
    data = path.read_bytes()
    place = 0

    def take(form: str) -> int:
        nonlocal place
        (value,) = struct.unpack_from(f"<{form}", data, place)
        place += struct.calcsize(form)
        return int(value)

    def text() -> str:
        nonlocal place
        size = take("H")
        place += size
        return data[place - size : place].rstrip(b"\0").decode()

    take("I"), text(), take("I")  # version, specification, its revision
    found: Arrays = {}
    for _ in range(take("I")):
        name = text()
        shape = [take("I") for _ in range(take("B"))]
        kind = np.dtype(types[take("B")])
        size = take("I")
        found[name] = np.frombuffer(data, kind, size // kind.itemsize, place).reshape(shape)
        place += size
    return found


def state_of(arrays: Mapping[str, npt.NDArray[Any]], layers: int) -> dict[str, Tensor]:
    """The variables under the names that `Recogniser` has for them."""
    state = {
        "places": "decoder/position_encodings/encodings",
        "tokens.weight": "decoder/embeddings/weight",
    }
    for conv in ("conv1", "conv2"):
        state |= {f"{conv}.{part}": f"encoder/{conv}/{part}" for part in ("weight", "bias")}
    state |= _norm("heard", "encoder") | _norm("written", "decoder")
    for layer in range(layers):
        for own, theirs in (("listening", "encoder"), ("writing", "decoder")):
            state |= _layer(f"{own}.{layer}", f"{theirs}/layer_{layer}")
    found = {name: _tensor(arrays, source) for name, source in state.items()}
    for layer in range(layers):
        for own, theirs in (("listening", "encoder"), ("writing", "decoder")):
            source = f"{theirs}/layer_{layer}/self_attention"
            found |= _attention(arrays, f"{own}.{layer}.attend", source, ("linear_0",))
        source = f"decoder/layer_{layer}/attention"
        found |= _norm_of(arrays, f"writing.{layer}.look_norm", source)
        found |= _attention(arrays, f"writing.{layer}.look", source, ("linear_0", "linear_1"))
    return found


def _layer(own: str, theirs: str) -> dict[str, str]:
    names = _norm(f"{own}.norm", f"{theirs}/self_attention")
    names |= _norm(f"{own}.feed_norm", f"{theirs}/ffn")
    for place, linear in ((0, "linear_0"), (2, "linear_1")):
        for part in ("weight", "bias"):
            names[f"{own}.feed.{place}.{part}"] = f"{theirs}/ffn/{linear}/{part}"
    return names


def _norm(own: str, theirs: str) -> dict[str, str]:
    return {
        f"{own}.weight": f"{theirs}/layer_norm/gamma",
        f"{own}.bias": f"{theirs}/layer_norm/beta",
    }


def _norm_of(arrays: Mapping[str, npt.NDArray[Any]], own: str, theirs: str) -> dict[str, Tensor]:
    return {name: _tensor(arrays, source) for name, source in _norm(own, theirs).items()}


def _attention(
    arrays: Mapping[str, npt.NDArray[Any]], own: str, theirs: str, stacked: tuple[str, ...]
) -> dict[str, Tensor]:
    """Query, key and value, which lie in one or two matrices; keys have no bias."""

    def rows(part: str) -> tuple[Tensor, ...]:
        whole = torch.cat([_tensor(arrays, f"{theirs}/{name}/{part}") for name in stacked])
        return whole.chunk(3)

    query, key, value = rows("weight")
    query_bias, _, value_bias = rows("bias")
    out = f"{theirs}/linear_{len(stacked)}"
    return {
        f"{own}.query.weight": query,
        f"{own}.query.bias": query_bias,
        f"{own}.key.weight": key,
        f"{own}.value.weight": value,
        f"{own}.value.bias": value_bias,
        f"{own}.out.weight": _tensor(arrays, f"{out}/weight"),
        f"{own}.out.bias": _tensor(arrays, f"{out}/bias"),
    }


def _tensor(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Tensor:
    return torch.from_numpy(arrays[name].astype(np.float32))


def chosen_tokens(tokenizer: Any) -> list[int]:
    """Numbers of the tokens to keep, without the specials: letters and the marks of a sentence."""
    numbers: dict[str, int] = tokenizer.get_vocab()
    needed: Counter[int] = Counter()
    kept: set[int] = set()
    for word in _words():
        for form, rarest in ((word, len(numbers)), (word.capitalize(), USUAL)):
            pieces = tokenizer.encode(f" {form}", add_special_tokens=False).ids
            needed.update(set(pieces))
            if len(pieces) == 1 and pieces[0] < rarest:
                kept.add(pieces[0])
    kept |= {token for token, forms in needed.items() if forms >= NEEDED}
    kept |= {numbers[mark] for mark in MARKS}
    kept |= {numbers[f"Ġ{mark}"] for mark in SPACED_MARKS if f"Ġ{mark}" in numbers}
    kept |= {number for text, number in numbers.items() if re.fullmatch("Ġ?[A-Za-z]", text)}
    return sorted(kept)


def _words() -> Iterator[str]:
    with gzip.open(LEXICON_FILE, "rt", encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("#"):
                yield line.split()[0]


def start(model: Path, out: Path) -> None:
    """Write the published network with fewer tokens, in half precision."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    kept = chosen_tokens(tokenizer)
    texts = {number: text for text, number in tokenizer.get_vocab().items()}
    state = state_of(read_binary(model / "model.bin"), RecogniserConfig().layers)
    state["tokens.weight"] = state["tokens.weight"][[*kept, END, START, UNTIMED, SILENT]]
    tokens = [texts[number].replace("Ġ", " ") for number in kept] + [""] * 4
    recogniser = Recogniser(RecogniserConfig(tokens=tuple(tokens)))
    recogniser.load_state_dict(state)
    save_model(recogniser, recogniser.config, out)
    print(f"{out}: {len(tokens)} tokens, {out.stat().st_size / 1e6:.1f} MB")


def pack(trained: Path, out: Path, bits: int) -> None:
    """Write a trained recogniser in few bits, and the checksums of its folder."""
    _, extra = read_metadata(trained)
    model = load_state(Recogniser(recogniser_config(trained)), trained)
    save_packed(model, model.config, out, bits, **extra)
    load_packed(model, out)
    write_checksums(out.parent)
    print(f"{out}: {bits} bits, {out.stat().st_size / 1e6:.1f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    begin = commands.add_parser("start", help="from the published model")
    begin.add_argument("--model", type=Path, required=True)
    begin.add_argument("--out", type=Path, required=True)
    end = commands.add_parser("pack", help="for the bundle")
    end.add_argument("--trained", type=Path, required=True)
    end.add_argument("--out", type=Path, default=WEIGHTS_DIR / "recogniser.safetensors")
    end.add_argument("--bits", type=int, default=6, choices=range(4, 9))
    options = parser.parse_args()
    if options.command == "start":
        start(options.model, options.out)
    else:
        pack(options.trained, options.out, options.bits)


if __name__ == "__main__":
    main()
