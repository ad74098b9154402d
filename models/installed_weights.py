"""Which file an embedded expert's weights are, on this machine."""

from collections.abc import Sequence
from pathlib import Path

from nsed.models.weights import locate
from nsed.models.weights_manifest import Weight, find_weight
from nsed.protocol.errors import WeightError
from nsed.state.expert_config import ExpertConfig

__all__ = ["installed_weights", "weight_of"]


def weight_of(config: ExpertConfig) -> Weight | None:
    """The manifest's weight an embedded expert names; None for a file of the user's."""
    if config.provider != "embedded" or config.model.endswith(".gguf"):
        return None
    return find_weight(config.model)


def installed_weights(
    config: ExpertConfig, *, cache_dir: Path, user_paths: Sequence[Path]
) -> Path:
    """Find the weights, checked by their hash where they have a name.

    Raises:
        WeightError: They are not here, or not to be read.
    """
    weight = weight_of(config)
    if weight is not None and not weight.has_chat_template:
        raise WeightError(
            f"expert {config.name!r}: {weight.name} is a base model without a chat "
            "template, so it would only answer junk; choose another model"
        )
    if weight is None:
        path = Path(config.model).expanduser()
        if not path.is_file():
            raise WeightError(f"expert {config.name!r}: no file at {path}")
        return path
    try:
        found = locate(weight, cache_dir=cache_dir, user_paths=user_paths)
    except OSError as error:
        raise WeightError(f"cannot look for {weight.name}: {error}") from error
    if found is None:
        raise WeightError(
            f"the weights of {weight.name} are not on this machine; "
            f"fetch them with: nsed models pull {weight.name}"
        )
    return found
