"""Texts of shapes: what they mean, and one line for each that means nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from smjax.core.errors import RequestError
from smjax.core.ops import OPS, OpSpec, Shape, parse_shape

LAYER = OpSpec("layer", "", ("depth",), ("tinystories-1m:256",), lambda shape: 0, ("tinystories-1m",), is_any_kind=True)
DISPATCH = OpSpec("dispatch", "", (), ("empty",), lambda shape: 0, ("empty", "ffi"))
OWN = OpSpec("mine:add", "", None, (), lambda shape: 0)


@pytest.mark.parametrize(
    ("spec", "text", "expected"),
    [
        (OPS["gemm"], "3x5x7", Shape((3, 5, 7), "f32")),
        (OPS["gemm"], "s8:3x5x7", Shape((3, 5, 7), "s8")),
        (OPS["q4_0_matvec"], "3x64", Shape((3, 64))),
        (LAYER, "C:/x:1/m.gguf:7", Shape((7,), "C:/x:1/m.gguf")),
        (LAYER, "7", Shape((7,), "tinystories-1m")),
        (DISPATCH, "ffi", Shape((), "ffi")),
        (DISPATCH, "", Shape((), "empty")),
        (OWN, "", Shape(())),
        (OWN, "3x5", Shape((3, 5))),
    ],
)
def test_a_text_means_one_shape_which_is_written_in_full(spec: OpSpec, text: str, expected: Shape) -> None:
    found = parse_shape(spec, text)
    assert found == expected
    assert parse_shape(spec, found.text) == expected


@pytest.mark.parametrize(
    ("spec", "text", "expected"),
    [
        (OPS["gemm"], "3x5", r"gemm: expected \[f32\|bf16\|s8:\]MxNxK, as f32:128x128x128, found 3x5$"),
        (OPS["gemm"], "3x5x", "found 3x5x$"),
        (OPS["gemm"], "3x-5x7", "found 3x-5x7$"),
        (OPS["gemm"], "s8:", "found s8:$"),
        (OPS["gemm"], "9" * 5000 + "x5x7", "found 9{80}…$"),
        (OPS["gemm"], "9" * 40 + "x5x7", "expected sizes from 1"),
        (OPS["gemm"], "0x5x7", r"expected sizes from 1 to 2\^40, found 0x5x7$"),
        (OPS["gemm"], f"{2**40}x5x7", "expected sizes from 1"),
        (
            OPS["gemm"],
            "float32:3x5x7",
            "expected one of f32, bf16, s8 before the sizes, found float32; write f32:3x5x7$",
        ),
        (OPS["gemm"], "bf:3x5x7", "found bf; write bf16:3x5x7$"),
        (OPS["q4_0_matvec"], "f32:3x64", "expected NxK, as 768x768, found f32:3x64$"),
        (OPS["q4_0_matvec"], "3x40", "q4_0_matvec at 3x40: expected k in blocks of 32, found 40$"),
        (OPS["q6_k_matmul"], "2x3x288", "expected k in blocks of 256, found 288$"),
        (LAYER, "tinystories1m:7", "found tinystories1m; write tinystories-1m:7$"),
        (DISPATCH, "ffi:7", "expected empty|ffi"),
    ],
)
def test_a_text_that_means_none_is_refused_in_one_line(spec: OpSpec, text: str, expected: str) -> None:
    with pytest.raises(RequestError, match=expected) as error:
        parse_shape(spec, text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("spec", OPS.values(), ids=OPS)
def test_every_op_has_shapes_that_are_its_own(spec: OpSpec) -> None:
    shapes = [parse_shape(spec, text) for text in spec.shapes]
    assert shapes, "the first is what a look takes"
    assert all(0 < spec.needed_bytes(shape) < 4e9 for shape in shapes)
    assert [shape.text for shape in shapes] == list(spec.shapes), "written in full"


def test_a_kind_may_be_of_fewer_kernels() -> None:
    spec = replace(DISPATCH, kernels_of_kind={"ffi": ("native",)})
    assert spec.kernels_for(Shape((), "ffi")) == ("native",)
    assert spec.kernels_for(Shape((), "empty")) == ("native", "xla")


@pytest.mark.parametrize(
    ("op", "text", "expected"),
    [
        ("attention", "2x1x4x2x8", "expected as many slots as queries or more, found 1 slots and 2 queries"),
        ("attention", "1x9x4x3x8", "expected n to be a multiple of k, found 4 and 3"),
        ("layer", "3x2", "found 2 slots and 3 queries"),
        ("rope", "1x2x7", "expected h to be even, as two elements are turned together, found 7"),
        ("embedding", "q6_k:1x5x64", "expected d in blocks of 256, found 64"),
    ],
)
def test_sizes_that_do_not_go_together_are_refused(op: str, text: str, expected: str) -> None:
    with pytest.raises(RequestError, match=expected):
        parse_shape(OPS[op], text)


def test_default_shapes_are_those_of_the_presets() -> None:
    assert OPS["layer_norm"].shapes == ("1x64", "128x64"), "the one preset without RMSNorm"
    assert "f16:1x3072x12x12x64" in OPS["attention"].shapes, "three quarters of 4,096"
    assert OPS["argmax"].shapes == ("50257", "32000"), "each once"
