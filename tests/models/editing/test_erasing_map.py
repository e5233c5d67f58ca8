"""An eraser as a function of tensors: every dtype and device, rounded once, differentiable."""

import numpy as np
import pytest
from support.editing import D, eraser
from support.tiny_models import torch

from nullprobe.models.editing.erasing import Map
from nullprobe.models.site import Site


def site_of(d=D):
    return Site("layers.0.output", "h.0", "output", d)


@pytest.mark.parametrize("mean", [0.0, 1e6])
@pytest.mark.parametrize("level", [False, True])
@pytest.mark.parametrize(("dtype", "atol"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_the_map_is_that_of_the_eraser_though_means_are_large(mean, level, dtype, atol):
    e = eraser(mean=mean, level=level)
    x = (mean + torch.randn(3, 4, D, generator=torch.Generator().manual_seed(0))).to(dtype)
    found = Map(e, site_of())(x)
    expected = e.apply(x.reshape(-1, D)).reshape(x.shape)
    assert found.dtype == dtype
    # Numbers of a million are a sixteenth apart in float32, and 1.2e-10 in float64.
    spacing = float(np.spacing({torch.float32: np.float32, torch.float64: np.float64}[dtype](mean)))
    torch.testing.assert_close(found, expected, rtol=0, atol=max(atol, spacing))
    exact = e.apply(x.reshape(-1, D).double()).reshape(x.shape)
    torch.testing.assert_close(found.double(), exact, rtol=0, atol=max(atol, spacing))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_rounded_once(dtype):
    e = eraser()
    x = torch.randn(5, D, generator=torch.Generator().manual_seed(0)).to(dtype)
    found = Map(e, site_of())(x[None])[0]
    assert found.dtype == dtype
    assert torch.equal(found, e.apply(x.float()).to(dtype))


def test_autocasting_does_not_reach_the_edit():
    e = eraser()
    x = torch.randn(5, D, generator=torch.Generator().manual_seed(0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Map(e, site_of())(x)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, e.apply(x), rtol=0, atol=1e-5)


def test_what_comes_in_is_left_as_it_was():
    x = torch.randn(2, 3, D, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    Map(eraser(level=True), site_of())(x)
    assert torch.equal(x, before)


def test_an_eraser_of_rank_0_leaves_everything():
    x = torch.randn(2, 3, D)
    assert torch.equal(Map(eraser(rank=0), site_of())(x), x)


def test_the_eraser_follows_the_states_to_their_device():
    moved = Map(eraser(level=True), site_of())
    x = torch.randn(2, 3, D)
    here = moved(x)
    away = moved(x.to("meta"))
    assert (away.device.type, away.shape) == ("meta", x.shape)
    assert torch.equal(moved(x), here)  # and is still ready here
    assert {key[0].type for key in moved._ready} == {"cpu", "meta"}
    assert moved.on(x.device, x.dtype)["reading"] is moved.on(x.device, x.dtype)["reading"]


def test_gradients_flow_through_the_edit_and_stop_where_nothing_is_left():
    e = eraser(level=True)
    x = torch.randn(3, D, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Map(e, site_of()), (x,))
    with torch.inference_mode():
        again = Map(e, site_of())
        again(torch.randn(3, D, dtype=torch.float64))
    again(x).sum().backward()  # though the eraser was made ready in inference mode
    matrix = e.matrix.copy()
    matrix[[1, D - 1]] = 0.0
    np.testing.assert_allclose(x.grad.numpy(), np.tile(matrix.sum(axis=0), (3, 1)), atol=1e-12)
