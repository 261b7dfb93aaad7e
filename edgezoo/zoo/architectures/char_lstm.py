"""CharLstm: a language model over characters whose output head is tied to its embedding.

The letters on the tensor lines: V tokens of the vocabulary, E entries of a row, H of a hidden state, L
layers, B texts side by side, T steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

State = tuple[Tensor, Tensor]  # h and c, [L, B, H] each


@dataclass(frozen=True)
class Shape:
    """What a CharLstm consists of."""

    embedding: int = 128
    hidden: int = 256
    layers: int = 2
    output_norm: bool = False  # LayerNorm of the last layer's states
    dropout: float = 0.1


class CharLstm(nn.Module):
    """Embedding, LSTM layers, a projection back to the embedding's width, and the embedding again as head."""

    def __init__(self, tokens: int, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Parameter(torch.randn(tokens, shape.embedding) * shape.embedding**-0.5)
        between = shape.dropout if shape.layers > 1 else 0.0
        self.lstm = nn.LSTM(shape.embedding, shape.hidden, shape.layers, dropout=between)
        self.output_norm = nn.LayerNorm(shape.hidden) if shape.output_norm else None
        self.projection = nn.Linear(shape.hidden, shape.embedding)
        self.head_bias = nn.Parameter(torch.zeros(tokens))
        self.dropout = nn.Dropout(shape.dropout)
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("bias_hh"):
                nn.init.zeros_(parameter)
            elif name.startswith("bias_ih"):
                with torch.no_grad():  # open forget gates remember from the first step on
                    parameter[shape.hidden : 2 * shape.hidden] = 1.0

    def forward(self, ids: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Logits [T, B, V] of what follows each of `ids` int64 [T, B], and the state after the last one.

        Without `state` the texts begin here. [PAD] in `ids` counts as any token: mask what it leads to.
        """
        x = self.dropout(functional.embedding(ids, self.embedding))  # [T, B, E]
        h, after = self.lstm(x, state)  # [T, B, H]
        if self.output_norm is not None:
            h = self.output_norm(h)
        p = self.projection(self.dropout(h))  # [T, B, E]
        logits: Tensor = p @ self.embedding.T + self.head_bias  # [T, B, V]
        return logits, after


def tensors(model: CharLstm) -> dict[str, Tensor]:
    """The weights by the names that a checkpoint and a bundle give them; the two biases of a gate are one."""
    found: dict[str, Tensor] = {"embedding": model.embedding, "head.bias": model.head_bias}
    for layer in range(model.shape.layers):
        prefix = f"lstm.{layer}.forward"
        found |= {
            f"{prefix}.input": getattr(model.lstm, f"weight_ih_l{layer}"),
            f"{prefix}.recurrent": getattr(model.lstm, f"weight_hh_l{layer}"),
            f"{prefix}.bias": getattr(model.lstm, f"bias_ih_l{layer}")
            + getattr(model.lstm, f"bias_hh_l{layer}"),
        }
    for name in ("output_norm", "projection"):
        part = getattr(model, name)
        if part is not None:
            found[f"{name}.bias"] = part.bias
            found["projection" if name == "projection" else f"{name}.weight"] = part.weight
    return {name: tensor.detach().clone() for name, tensor in found.items()}


def restore(model: CharLstm, weights: Mapping[str, Tensor]) -> CharLstm:
    """Put weights with the names of `tensors` into a model of their shape, and return it."""
    state = {
        "embedding": weights["embedding"],
        "head_bias": weights["head.bias"],
        "projection.weight": weights["projection"],
        "projection.bias": weights["projection.bias"],
    }
    state |= {name: tensor for name, tensor in weights.items() if name.startswith("output_norm.")}
    for layer in range(model.shape.layers):
        bias = weights[f"lstm.{layer}.forward.bias"]
        state |= {
            f"lstm.weight_ih_l{layer}": weights[f"lstm.{layer}.forward.input"],
            f"lstm.weight_hh_l{layer}": weights[f"lstm.{layer}.forward.recurrent"],
            f"lstm.bias_ih_l{layer}": bias,
            f"lstm.bias_hh_l{layer}": torch.zeros_like(bias),
        }
    model.load_state_dict(state)
    return model
