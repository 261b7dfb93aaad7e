"""TinyLSTM: a table of token rows, a small LSTM that reads them in order, and heads over both.

The skip path is a static table's mean of rows; the LSTM adds what a bag of words cannot know, and may weigh
each token by its context (salience). The letters on the tensor lines: V tokens of the vocabulary, E entries
of a row, H of a hidden state, D directions, N tokens of all texts of a batch together, n texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

CLS = 2
SPECIAL_ROWS = 4
POOLINGS = ("mean", "max", "cls")
DIRECTIONS = ("forward", "backward")
HEADS = ("projection", "salience", "classifier")
CHUNK = 256  # texts of similar length that an LSTM reads side by side


@dataclass(frozen=True)
class Shape:
    """What a TinyLstm consists of; `dimension` 0 is a model that does not embed."""

    hidden: int = 128  # of one direction
    layers: int = 1
    directions: int = 2
    pooling: str = "mean"
    dimension: int = 256
    skip: bool = True
    salience: bool = False
    input_norm: bool = False
    output_norm: bool = False
    labels: tuple[str, ...] = ()
    dropout: float = 0.0


class TinyLstm(nn.Module):
    """An LSTM over the rows of `embedding` [V, E] with a projection, a classifier, or both.

    The special tokens' rows stay zero, but for [CLS] where it is pooled. A fresh projection and a fresh
    salience are zero: with the skip path, training starts from the static table itself. Raises ValueError if
    the skip path has another dimension than the rows.
    """

    def __init__(self, embedding: Tensor, shape: Shape) -> None:
        super().__init__()
        if shape.dimension and shape.skip and shape.dimension != embedding.shape[1]:
            raise ValueError(
                f"a skip path of rows of {embedding.shape[1]} needs that dimension, not {shape.dimension}"
            )
        self.shape = shape
        rows, pooled = embedding.shape[1], shape.directions * shape.hidden
        self.embedding = nn.Parameter(embedding.clone())
        with torch.no_grad():
            self.embedding[:SPECIAL_ROWS] = 0.0
        self.input_norm = nn.LayerNorm(rows) if shape.input_norm else None
        self.output_norm = nn.LayerNorm(pooled) if shape.output_norm else None
        self.lstm = nn.ModuleList(
            nn.ModuleList(nn.LSTM(pooled if layer else rows, shape.hidden) for _ in range(shape.directions))
            for layer in range(shape.layers)
        )
        self.projection = nn.Linear(pooled, shape.dimension) if shape.dimension else None
        self.salience = nn.Linear(pooled, 1) if shape.salience else None
        self.classifier = nn.Linear(pooled + rows, len(shape.labels)) if shape.labels else None
        self.dropout = nn.Dropout(shape.dropout)
        for fresh in (self.projection if shape.skip else None, self.salience):
            if fresh is not None:
                nn.init.zeros_(fresh.weight)
                nn.init.zeros_(fresh.bias)
        for module in self.lstm.modules():
            if isinstance(module, nn.LSTM):
                _, _, first, second = _weights(module)
                nn.init.zeros_(second)
                with torch.no_grad():  # open forget gates remember from the first step on
                    first[shape.hidden : 2 * shape.hidden] = 1.0

    def encode(self, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled states [n, D*H] and mean rows [n, E] of a flat int64 `tokens` [N], text after text.

        `lengths` int64 [n]; a text without tokens gives zeros. There is at least one token in all.
        """
        texts, pooling = len(lengths), self.shape.pooling
        owners = torch.repeat_interleave(torch.arange(texts), lengths)  # [N]
        # Special tokens are masked here and not in the table, whose gradient is a second pass over it all.
        e = functional.embedding(tokens, self.embedding) * (tokens >= SPECIAL_ROWS).unsqueeze(1)  # [N, E]
        read, spans = e, lengths
        if pooling == "cls":
            order = torch.argsort(torch.cat([owners, torch.arange(texts)]), stable=True)
            read = torch.cat([e, self.embedding[CLS].expand(texts, -1)]).index_select(0, order)  # [N + n, E]
            spans = lengths + 1
        x = read if self.input_norm is None else self.input_norm(read)
        h = self._read(self.dropout(x), spans)  # [N (+ n), D*H]
        y = h if self.output_norm is None else self.output_norm(h)
        counts = lengths.clamp(min=1).unsqueeze(1)  # [n, 1]
        if pooling == "cls":
            p = y.index_select(0, spans.cumsum(0) - 1)  # [n, D*H]
        elif pooling == "max":
            padded = pad_sequence(list(torch.split(y, lengths.tolist())), True, -torch.inf)  # [n, T, D*H]
            p = padded.amax(1)
        else:
            p = y.new_zeros(texts, y.shape[1]).index_add(0, owners, y) / counts
        p = torch.where(lengths.unsqueeze(1) > 0, p, 0.0)
        weighted = e
        if self.salience is not None and pooling != "cls":
            weighted = e * (1.0 + self.salience(y))  # [N, E]
        m = e.new_zeros(texts, e.shape[1]).index_add(0, owners, weighted) / counts  # [n, E]
        return p, m

    def embed(self, p: Tensor, m: Tensor) -> Tensor:
        """Unit vectors [n, dimension] of what `encode` gives; zeros for a text without tokens."""
        assert self.projection is not None
        u = self.projection(self.dropout(p))
        if self.shape.skip:
            u = u + m
        return functional.normalize(u, dim=1)

    def classify(self, p: Tensor, m: Tensor) -> Tensor:
        """Logits [n, labels] of what `encode` gives."""
        assert self.classifier is not None
        logits: Tensor = self.classifier(self.dropout(torch.cat([p, m], dim=1)))
        return logits

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """`embed` of `encode`, with zeros where a text has no tokens."""
        return self.embed(*self.encode(tokens, lengths)) * (lengths > 0).unsqueeze(1)

    def _read(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States [N, D*H] of flat inputs [N, E], each direction over each text.

        Chunks of texts of similar length are padded behind, where no state that counts comes after. Each
        direction is a dense LSTM of its own, because PyTorch is several times slower on packed sequences.
        """
        order, chunks = [], []
        for places, reverse, valid in _chunks(lengths, self.shape.pooling == "cls"):
            order.append(places[valid])
            chunks.append((places, reverse, valid))
        back = torch.argsort(torch.cat(order))  # of the chunks' order: where each token is in it
        for directions in self.lstm:
            assert isinstance(directions, nn.ModuleList)
            states = []
            for places, reverse, valid in chunks:
                found = []
                for lstm, gather in zip(directions, (places, reverse), strict=False):
                    inputs = x.index_select(0, gather.flatten()).view(*gather.shape, -1)  # [T, B, E]
                    outputs = lstm(inputs)[0]  # [T, B, H]
                    found.append(outputs)
                if len(found) == 2:  # state of token t is where the reversed order has it
                    steps = torch.arange(len(reverse)).unsqueeze(1)
                    where = (reverse - places[:1]).clamp(0, len(reverse) - 1)
                    where = torch.where(valid, where, steps)
                    width = found[1].shape[2]
                    found[1] = found[1].gather(0, where.unsqueeze(2).expand(-1, -1, width))
                states.append(torch.cat(found, dim=2)[valid])  # [tokens of the chunk, D*H]
            x = torch.cat(states).index_select(0, back)
        return x


def _chunks(lengths: Tensor, cls: bool) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Groups of texts of similar length: places [T, B] in the flat tokens, in order and reversed; validity.

    The reversed order keeps a trailing [CLS] at the end. Places beyond a text's end are any of its own.
    """
    starts = lengths.cumsum(0) - lengths
    nonempty = torch.argsort(lengths)[int((lengths == 0).sum()) :]
    for texts in torch.split(nonempty, CHUNK):
        counts, begins = lengths[texts], starts[texts]  # [B]
        steps = torch.arange(int(counts.max())).unsqueeze(1)  # [T, 1]
        valid = steps < counts  # [T, B]
        last = counts - 1 - int(cls)
        reverse = torch.where(steps <= last, last - steps, torch.minimum(steps, counts - 1))
        yield begins + torch.minimum(steps, counts - 1), begins + reverse, valid


def _weights(lstm: nn.Module) -> tuple[Tensor, ...]:
    """Of a layer in one direction: input [4H, E], recurrent [4H, H] and two biases [4H]."""
    return tuple(lstm.parameters())


def tensors(model: TinyLstm) -> dict[str, Tensor]:
    """The weights by the names that a checkpoint and a bundle give them; the two biases of a gate are one."""
    found: dict[str, Tensor] = {"embedding": model.embedding}
    for layer, directions in enumerate(model.lstm):
        assert isinstance(directions, nn.ModuleList)
        for name, lstm in zip(DIRECTIONS, directions, strict=False):
            prefix = f"lstm.{layer}.{name}"
            first, recurrent, bias, more = _weights(lstm)
            found |= {
                f"{prefix}.input": first,
                f"{prefix}.recurrent": recurrent,
                f"{prefix}.bias": bias + more,
            }
    for name, norm in (("input_norm", model.input_norm), ("output_norm", model.output_norm)):
        if norm is not None:
            found |= {f"{name}.weight": norm.weight, f"{name}.bias": norm.bias}
    for name in HEADS:
        head = getattr(model, name)
        if head is not None:
            found |= {name: head.weight, f"{name}.bias": head.bias}
    return {name: tensor.detach().clone() for name, tensor in found.items()}


def restore(model: TinyLstm, weights: Mapping[str, Tensor]) -> TinyLstm:
    """Put weights with the names of `tensors` into a model of their shape, and return it.

    Heads that the weights lack stay as they are, and weights of heads that the model lacks are left out.
    """
    state = {name: tensor for name, tensor in weights.items() if name == "embedding" or "norm" in name}
    for layer in range(model.shape.layers):
        for place, direction in enumerate(DIRECTIONS[: model.shape.directions]):
            prefix, bias = f"lstm.{layer}.{place}", weights[f"lstm.{layer}.{direction}.bias"]
            state[f"{prefix}.weight_ih_l0"] = weights[f"lstm.{layer}.{direction}.input"]
            state[f"{prefix}.weight_hh_l0"] = weights[f"lstm.{layer}.{direction}.recurrent"]
            state |= {f"{prefix}.bias_ih_l0": bias, f"{prefix}.bias_hh_l0": torch.zeros_like(bias)}
    for name in HEADS:
        if name in weights and getattr(model, name) is not None:
            state |= {f"{name}.weight": weights[name], f"{name}.bias": weights[f"{name}.bias"]}
    model.load_state_dict(state, strict=False)
    return model
