"""The manifest names weights by content, and refuses what does not add up."""

import tomllib
from importlib import resources
from pathlib import Path

import pytest

from nsed.models.weights import locate
from nsed.models.weights_manifest import find_weight, load_manifest, parse_manifest
from nsed.protocol.errors import WeightError

GOOD = """
[[weight]]
name = "tiny"
family = "tiny"
parameters = 1
licence = "MIT"
licence_url = "https://example.org"
file_name = "tiny.gguf"
size_bytes = 3
sha256 = "{sha}"
context_tokens = 8
[weight.mirror]
member = "*.bin"
wheels = [
  {{ requirement = "a==1", slice_bytes = 1, sha256 = "{sha}" }},
  {{ requirement = "b==1", slice_bytes = 2, sha256 = "{sha}" }},
]
""".format(sha="0" * 64)


def test_three_open_models_and_one_on_request() -> None:
    weights = load_manifest()

    assert {name for name, weight in weights.items() if not weight.on_request} == {
        "smollm2-135m-instruct",
        "qwen2.5-coder-0.5b-instruct",
        "qwen2.5-coder-1.5b-instruct",
    }
    gemma = weights["gemma-3-270m"]
    assert gemma.on_request
    assert not gemma.has_chat_template
    assert all(w.licence == "Apache-2.0" for w in weights.values() if w != gemma)


def test_every_weight_has_a_source_and_only_pinned_ones() -> None:
    for weight in load_manifest().values():
        assert weight.mirror is not None
        pins = [wheel.sha256 for wheel in weight.mirror.wheels]
        assert len(set(pins)) == len(pins)
        assert all("==" in wheel.requirement for wheel in weight.mirror.wheels)


def test_the_manifest_cannot_be_changed() -> None:
    weights = load_manifest()

    with pytest.raises(TypeError):
        weights["x"] = weights["gemma-3-270m"]  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        weights["gemma-3-270m"].on_request = False


def test_a_wrong_name_gets_the_nearest_right_one() -> None:
    with pytest.raises(
        WeightError, match=r"'smollm-135m'.* mean 'smollm2-135m-instruct'"
    ):
        find_weight("smollm-135m")


def test_slices_keep_their_order() -> None:
    mirror = parse_manifest(GOOD)["tiny"].mirror

    assert mirror is not None
    assert [wheel.requirement for wheel in mirror.wheels] == ["a==1", "b==1"]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("size_bytes = 3", "size_bytes = 4", "slices make 3 bytes, not 4"),
        ('licence = "MIT"', 'license = "MIT"', "license"),
        ("0" * 64, "0" * 63, "sha256"),
        ('"tiny.gguf"', '"../tiny.gguf"', "file_name"),
        ('"a==1"', '"a>=1"', "requirement"),
        ("parameters = 1", "parameters = 0", "parameters"),
        ("[[weight]]", "[[weights]]", "weight"),
    ],
)
def test_a_manifest_that_is_wrong_is_refused(
    old: str, new: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_manifest(GOOD.replace(old, new, 1))


@pytest.mark.parametrize("field", ["name", "file_name", "sha256"])
def test_no_two_weights_share_what_names_them(field: str) -> None:
    other = GOOD
    for key, value in {
        "name": '"tiny"',
        "file_name": '"tiny.gguf"',
        "sha256": f'"{"0" * 64}"',
    }.items():
        if key != field:
            changed = value.replace("tiny", "other").replace("0", "1")
            other = other.replace(f"{key} = {value}", f"{key} = {changed}", 1)

    with pytest.raises(ValueError, match=f"two weights have the {field} "):
        parse_manifest(GOOD + other)


def test_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        parse_manifest("[[weight")


def test_the_manifest_file_travels_with_the_package() -> None:
    assert resources.files("nsed.models").joinpath("weights.toml").is_file()


@pytest.mark.live_weights
@pytest.mark.parametrize("name", list(load_manifest()))
def test_pulled_files_match_the_manifest(name: str, weights_cache: Path) -> None:
    weight = find_weight(name)
    if not (weights_cache / weight.file_name).exists():
        pytest.skip(f"{name} is not in {weights_cache}")

    assert locate(weight, cache_dir=weights_cache)
