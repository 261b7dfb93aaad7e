"""A log of any losses becomes a picture."""

from __future__ import annotations

import json
from pathlib import Path

from edgezoo.zoo import curves


def test_a_picture_is_drawn_with_and_without_dev(tmp_path: Path) -> None:
    for place, more in enumerate(({}, {"dev": 0.8, "stsb_dev": 0.7})):
        lines = [json.dumps({"step": step, "alignment": 1 / step} | more) for step in (10, 20)]
        (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n")
        curves.draw(tmp_path / "log.jsonl", tmp_path / f"{place}.png")
        assert (tmp_path / f"{place}.png").read_bytes().startswith(b"\x89PNG")
