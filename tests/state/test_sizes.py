"""Sizes of memory as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsed.state.expert_config import ExpertConfig
from nsed.state.sizes import bytes_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("24GB", 24_000_000_000),
        ("24 gb", 24_000_000_000),
        ("6.5GB", 6_500_000_000),
        ("0.1 GB", 100_000_000),
        ("512 MiB", 512 * 2**20),
        ("1GiB", 2**30),
        ("1.5 kB", 1500),
        ("1.5 B", 2),
        (" 2 TB ", 2 * 10**12),
    ],
)
def test_a_size_is_a_number_and_a_unit(text: str, size: int) -> None:
    assert bytes_of(text) == size


@pytest.mark.parametrize(
    "text", ["", "24", "GB", "-1GB", "1,5 GB", "24 G", "1e3 GB", "24  GB", "2" * 99]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match='such as "24GB"') as error:
        bytes_of(text)

    assert len(str(error.value)) < 200


@given(size=st.integers(0, 10**15 - 1))
def test_a_number_of_bytes_survives(size: int) -> None:
    assert bytes_of(f"{size}B") == size


@pytest.mark.parametrize("written", ["2_000_000_000", '"2GB"'], ids=["int", "text"])
def test_both_spellings_pass_the_strict_check_of_the_file(written: str) -> None:
    json = f'{{"name": "a", "model": "m", "vram_bytes": {written.replace("_", "")}}}'

    expert = ExpertConfig.model_validate_json(json, strict=True)

    assert expert.vram_bytes == 2_000_000_000
