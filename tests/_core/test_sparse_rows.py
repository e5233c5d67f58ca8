"""Sparse rows: any format of SciPy and torch, and products that equal those of dense rows."""

import numpy as np
import pytest
import torch
from scipy import sparse

from nullprobe import InputError
from nullprobe._core import sparse_rows, validation
from nullprobe._core.validation import InputTypeError

pytestmark = pytest.mark.filterwarnings("ignore:Sparse")  # torch: CSR is in beta
DENSE = np.where(np.random.default_rng(0).random((30, 7)) < 0.3, 1.5, 0.0)
DENSE *= np.random.default_rng(1).normal(size=DENSE.shape)
FORMATS = ("csr", "csc", "coo", "bsr", "dia", "dok", "lil")
TENSORS = {
    "coo": lambda X: X.to_sparse_coo(),
    "csr": lambda X: X.to_sparse_csr(),
    "csc": lambda X: X.to_sparse_csc(),
    "bsr": lambda X: X.to_sparse_bsr((2, 1)),
}
MADE = {
    **{f"{form} array": lambda X, f=form: sparse.coo_array(X).asformat(f) for form in FORMATS},
    **{f"{form} matrix": lambda X, f=form: sparse.coo_matrix(X).asformat(f) for form in FORMATS},
    **{f"{form} tensor": lambda X, f=make: f(torch.tensor(X)) for form, make in TENSORS.items()},
}


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, bool])
def test_every_format_becomes_the_same_csr(form, dtype):
    values = DENSE.astype(dtype)
    X = MADE[form](values)
    assert validation.is_sparse(X)
    found = sparse_rows.csr(X)
    assert (found.format, found.dtype) == ("csr", np.float64)
    assert np.array_equal(found.toarray(), values)
    assert found.has_canonical_format


def test_repeated_and_stored_zeros_are_summed_without_changing_the_matrix_of_the_caller():
    X = sparse.csr_array(
        (np.array([1.0, 2.0, 0.0]), np.array([1, 1, 0]), np.array([0, 2, 3])), (2, 3)
    )
    found = sparse_rows.csr(X)
    assert (found.nnz, X.nnz) == (1, 3)
    assert found.toarray().tolist() == [[0.0, 3.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (sparse.csr_array((0, 3)), "minimum of 1"),
        (sparse.csr_array((3, 0)), "minimum of 1"),
        (sparse.coo_array(np.ones(3)), "2-D"),
        (sparse.csr_array(np.eye(3) * 1j), "Complex"),
        (sparse.csr_array(np.diag([1.0, np.nan, 1.0])), "row 1, column 1"),
        (sparse.csr_array(np.diag([1.0, 1.0, np.inf])), "row 2, column 2"),
        (torch.eye(3).reshape(3, 3, 1).to_sparse(), "2-D"),
        (torch.eye(3, dtype=torch.complex64).to_sparse(), "Complex"),
    ],
)
def test_what_is_no_matrix_of_finite_numbers_is_refused(X, words):
    with pytest.raises(InputError, match=words):
        sparse_rows.csr(X)


@pytest.mark.parametrize("form", MADE)
def test_a_door_for_dense_rows_says_why_and_what_is_possible(form):
    with pytest.raises(InputTypeError) as caught:
        validation.representation(MADE[form](DENSE))
    assert "makes every zero non-zero" in caught.value.required
    for possible in ("LogisticProbe", "readable", "few_features"):
        assert possible in caught.value.hint


@pytest.mark.parametrize("weighted", [False, True])
def test_products_with_standardised_rows_equal_those_of_dense_rows(weighted):
    rng = np.random.default_rng(2)
    w = rng.random(30) + 0.5 if weighted else None
    shares = np.full(30, 1 / 30) if w is None else w / w.sum()
    S = sparse_rows.csr(sparse.csr_array(DENSE + 100.0 * (np.arange(7) == 6)))
    X = S.toarray()
    mean, variance = sparse_rows.moments(S, w)
    assert np.allclose(mean, shares @ X)
    assert np.allclose(variance, shares @ (X - shares @ X) ** 2, rtol=1e-12)
    inverse = 1 / np.sqrt(variance)
    rows = sparse_rows.Standardised(S, mean, inverse, np.sqrt(shares))
    U = np.sqrt(shares)[:, None] * (X - mean) * inverse
    A, B = rng.normal(size=(30, 3)), rng.normal(size=(7, 3))
    assert np.allclose(rows.times(B), U @ B)
    assert np.allclose(rows.transposed(A), U.T @ A)
    assert np.allclose(rows.gram(), U @ U.T)
    assert np.allclose(rows.gram(slice(4, 9)), (U @ U.T)[4:9])
    C = (X - mean).T @ (shares[:, None] * (X - mean))
    assert np.allclose(sparse_rows.Covariance(S, mean, shares) @ B, C @ B)


def test_features_are_joined_sparse_if_one_side_is():
    joined = sparse_rows.joined(sparse.csr_array(DENSE), DENSE[:, :2])
    assert validation.is_sparse(joined)
    assert np.array_equal(joined.toarray(), np.hstack([DENSE, DENSE[:, :2]]))
    assert isinstance(sparse_rows.joined(DENSE, DENSE), np.ndarray)
