"""The Triton kernel of the last step: run by Triton's interpreter here, and compiled where there is a GPU."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

Check = Callable[[Tensor, Tensor], None]
Size = tuple[int, int]

# classes, batch, cells, enlarged to, kept, corners aligned, type; few pixels, since the interpreter is slow
CASES: list[tuple[int, int, Size, Size, Size, bool, torch.dtype]] = [
    (2, 3, (3, 9), (24, 72), (3, 50), False, torch.float32),
    (5, 1, (3, 4), (9, 35), (9, 35), False, torch.float32),
    (5, 2, (3, 4), (9, 35), (9, 35), True, torch.float32),
    (19, 1, (1, 8), (8, 64), (5, 61), True, torch.float32),
    (19, 2, (2, 3), (1, 9), (1, 9), False, torch.float32),
    (150, 1, (1, 4), (4, 32), (3, 29), False, torch.float32),
    (4, 2, (3, 5), (4, 40), (4, 40), False, torch.float16),
    (4, 2, (3, 5), (4, 40), (4, 40), True, torch.bfloat16),
]

# what a GPU makes of the kernel: programs for two generations, and with arguments of 1, which Triton folds
COMPILED = """
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource, compile
from segablate.models.labelling.kernel import ROWS, COLUMNS, _label
for ones in ((), ("classes", "rows", "columns", "column_step")):
    for aligned, capability, code, label in ((True, 75, "fp16", "i16"), (False, 90, "fp32", "u8")):
        fixed = {"ALIGNED": aligned, "ROWS": ROWS, "COLUMNS": COLUMNS, **dict.fromkeys(ones, 1)}
        types = {"code": f"*{code}", "label": f"*{label}", "down_scale": "fp32", "across_scale": "fp32"}
        types = {name: types.get(name, "i32") for name in _label.arg_names}
        types |= dict.fromkeys(fixed, "constexpr")
        made = compile(ASTSource(_label, types, fixed), target=GPUTarget("cuda", capability, 32))
        assert "st.global" in made.asm["ptx"]
"""

# Triton must not have been imported before it is told to interpret: hence a process of its own
CHILD = """
import sys
import torch
from segablate.models.labelling import kernel
cases = torch.load(sys.argv[1], weights_only=True)
torch.save([kernel.labels(*case[:3], align_corners=case[3]) for case in cases], sys.argv[2])
"""


@pytest.fixture(scope="module")
def interpreted(tmp_path_factory: pytest.TempPathFactory) -> list[Tensor]:
    pytest.importorskip("triton", reason="triton is not installed")
    folder: Path = tmp_path_factory.mktemp("kernel")
    given, found = folder / "given.pt", folder / "found.pt"
    cases = [
        (code_of(classes, batch, cells, dtype), whole, kept, aligned)
        for classes, batch, cells, whole, kept, aligned, dtype in CASES
    ]
    not_numbers = torch.full((1, 3, 2, 2), torch.nan)
    torch.save([*cases, (not_numbers, (4, 8), (4, 8), False)], given)
    command = [sys.executable, "-c", CHILD, str(given), str(found)]
    subprocess.run(command, check=True, env={**os.environ, "TRITON_INTERPRET": "1"})
    labels: list[Tensor] = torch.load(found, weights_only=True)
    return labels


def code_of(classes: int, batch: int, cells: Size, dtype: torch.dtype) -> Tensor:
    code = torch.randn(batch, classes, *cells, generator=torch.Generator().manual_seed(0))
    # another memory format than usual, every second time
    return code.to(dtype).contiguous(memory_format=FORMATS[batch % 2])


FORMATS = (torch.channels_last, torch.contiguous_format)


def scores_of(code: Tensor, whole: Size, kept: Size, aligned: bool) -> Tensor:
    scores = F.interpolate(code.float(), whole, mode="bilinear", align_corners=aligned)
    return scores[..., : kept[0], : kept[1]]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_the_kernel_gives_the_arg_max(interpreted: list[Tensor], up_to_ties: Check, number: int) -> None:
    classes, batch, cells, whole, kept, aligned, dtype = CASES[number]
    assert interpreted[number].dtype == torch.uint8
    code = code_of(classes, batch, cells, dtype)
    up_to_ties(interpreted[number], scores_of(code, whole, kept, aligned))


def test_scores_that_are_not_numbers_still_give_classes(interpreted: list[Tensor]) -> None:
    assert interpreted[-1].unique().tolist() == [0]


@pytest.mark.slow
def test_the_kernel_compiles_for_gpus_that_are_not_here(tmp_path: Path) -> None:
    pytest.importorskip("triton", reason="triton is not installed")
    environment = {**os.environ, "TRITON_CACHE_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", COMPILED], check=True, env=environment)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("classes", [2, 19, 150, 300])
@pytest.mark.parametrize("aligned", [False, True])
@pytest.mark.parametrize("size", [(512, 1024), (505, 1019), (1, 9)])
def test_the_compiled_kernel_gives_the_arg_max(
    up_to_ties: Check, dtype: torch.dtype, classes: int, aligned: bool, size: Size
) -> None:
    from segablate.models.labelling import kernel

    code = code_of(classes, 2, (-(-size[0] // 8), -(-size[1] // 8)), dtype).cuda()
    label = kernel.labels(code, size, size, align_corners=aligned)
    up_to_ties(label, scores_of(code, size, size, aligned))


@pytest.mark.cuda
def test_on_cuda_the_last_step_never_holds_the_scores() -> None:
    from segablate.models.upsamplers.bilinear import Bilinear

    code = code_of(150, 1, (64, 128), torch.float32).cuda()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    Bilinear(150, 8).labels(code, (512, 1024))
    assert torch.cuda.max_memory_allocated() - before <= 2 * 512 * 1024
