"""The tokenizer that prompts are rendered with: a tekken file, read once, known by its hash.

mistral-common is the source of truth for how a conversation becomes tokens. It takes more than a
second to import, so it is imported when the first tokenizer is loaded and not before.
"""

import hashlib
import re
import threading
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from reasoning.core.errors import EngineRefused, InvalidInput, Malformed
from reasoning.core.errors import gettext_noop as _

if TYPE_CHECKING:
    from mistral_common.protocol.instruct.chunk import ContentChunk
    from mistral_common.protocol.instruct.messages import (
        AssistantMessage,
        SystemMessage,
        UserMessage,
    )
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    Message = AssistantMessage | SystemMessage | UserMessage

Role = Literal["system", "user", "assistant"]

_THINK_TOKENS_SINCE = 13
"""The tokenizer version from which on thinking has tokens of its own."""
_THINKING = re.compile(r"\[THINK\](.*?)(\[/THINK\]|\Z)", re.DOTALL)


class PromptTokenizer:
    """Turns conversations into token ids and back. Never changes, so threads may share it."""

    def __init__(self, data: bytes) -> None:
        """Read a tekken file's bytes. Raises Malformed when they are not one we can use."""
        self.sha256: str = hashlib.sha256(data).hexdigest()
        """Of the file's bytes, in hexadecimal."""
        try:
            document = orjson.loads(data)
            self.version: str = document["config"]["version"]
            """The tokenizer version that the file names, such as ``v11``."""
            self._mistral = _assembled(document)
        except (ValueError, KeyError, TypeError, IndexError, AssertionError) as error:
            raise Malformed(
                _("The tokenizer file cannot be used: %(reason)s."), reason=repr(error)[:200]
            ) from error
        self._tekken: Any = self._mistral.instruct_tokenizer.tokenizer
        _forget_lists(self._tekken)

    @property
    def size(self) -> int:
        """How many token ids there are: valid ones lie below."""
        return int(self._tekken.n_words)

    def encode(self, messages: Sequence[tuple[Role, str]]) -> tuple[int, ...]:
        """The token ids of a conversation, as mistral-common renders it for serving.

        Text never becomes a control token, whatever it spells. Raises InvalidInput for text that
        mistral-common cannot take.
        """
        from mistral_common.exceptions import MistralCommonException
        from mistral_common.protocol.instruct.request import ChatCompletionRequest

        request: ChatCompletionRequest[Message] = ChatCompletionRequest(
            # Serving mode wants a name, which does not enter the tokens.
            model="magistral",
            messages=[self._message(role, text) for role, text in messages],
        )
        try:
            return tuple(self._mistral.encode_chat_completion(request).tokens)
        except (MistralCommonException, ValueError) as error:
            raise InvalidInput.of(
                "text",
                "not_tokenizable",
                _("This text cannot be turned into tokens: %(reason)s."),
                reason=str(error)[:200],
            ) from error

    def count(self, text: str) -> int:
        """How many tokens ``text`` alone takes. Total: any text has a count.

        A run of a million spaces is more than the tokenizer's pattern can match; such a text is
        counted in halves, which may differ by a token for each cut.
        """
        try:
            return len(self._tekken.encode(text, bos=False, eos=False))
        except ValueError:
            half = len(text) // 2
            return self.count(text[:half]) + self.count(text[half:])

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, control tokens spelled out. Raises Malformed for an unknown id."""
        from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy

        unknown = next((i for i in ids if not 0 <= i < self.size), None)
        if unknown is not None:
            raise Malformed(_("There is no token with the id %(id)s."), id=unknown)
        return self._mistral.decode(list(ids), special_token_policy=SpecialTokenPolicy.KEEP)

    def pieces(self, ids: Sequence[int]) -> list[bytes | None]:
        """The bytes of each token, control tokens spelled out; None for an id there is not.

        A character of several bytes may be spread over several tokens.
        """
        from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy

        tekken, keep = self._tekken, SpecialTokenPolicy.KEEP
        return [tekken.id_to_byte_piece(one, keep) if 0 <= one < self.size else None for one in ids]

    def _message(self, role: Role, text: str) -> "Message":
        from mistral_common.protocol.instruct.messages import (
            AssistantMessage,
            SystemMessage,
            UserMessage,
        )

        if role == "user":
            return UserMessage(content=text)
        content = _chunks(text) if int(self.version[1:]) >= _THINK_TOKENS_SINCE else text
        message = SystemMessage if role == "system" else AssistantMessage
        return message(content=content)


_loaded: dict[Path | None, PromptTokenizer] = {}
_loading = threading.Lock()
"""Guards ``_loaded``: a tokenizer takes a second and 150 MB to load, so only one thread does it."""


def load_tokenizer(path: Path | None = None) -> PromptTokenizer:
    """The tokenizer of a tekken file, loaded once per path and process.

    Without a path: the vocabulary that mistral-common ships, as a v11 file (``shipped_tekken``).
    Raises InvalidInput when the file cannot be read and Malformed when it is not a tekken file.
    """
    key = path.resolve() if path else None
    with _loading:
        if key not in _loaded:
            _loaded[key] = PromptTokenizer(_read(key) if key else shipped_tekken())
        return _loaded[key]


def approved_tokenizer(directory: Path, sha256: str) -> PromptTokenizer:
    """The tokenizer with this digest: the shipped one, or the file named by it in ``directory``.

    Raises EngineRefused when the file on this machine is not the approved one.
    """
    shipped = load_tokenizer(None)
    if shipped.sha256 == sha256:
        return shipped
    path = directory / f"{sha256}.json"
    if not path.is_file():
        raise EngineRefused(
            _("The approved tokenizer %(sha256)s is not in TOKENIZER_DIR."), sha256=sha256
        )
    tokenizer = load_tokenizer(path)
    if tokenizer.sha256 != sha256:
        raise EngineRefused(_("The tokenizer file on this machine is not the approved one."))
    return tokenizer


def shipped_tekken(version: str = "v11") -> bytes:
    """A tekken file made of the vocabulary in mistral-common, for v11 or v13.

    The package's file says v3. The vocabulary is that of Magistral-Small; the version and the
    control tokens (``[ARGS]`` 32, ``[CALL_ID]`` 33, from v13 on ``[THINK]`` 34, ``[/THINK]`` 35)
    are set as Magistral's own files have them.
    """
    source = files("mistral_common") / "data" / "tekken_240911.json"
    document = orjson.loads(source.read_bytes())
    document["config"]["version"] = version
    document["special_tokens"] = _special_tokens(int(version[1:]))
    return orjson.dumps(document)


def _special_tokens(version: int) -> list[dict[str, Any]]:
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    names = [str(token["token_str"]) for token in Tekkenizer.DEPRECATED_SPECIAL_TOKENS]
    names += [f"<SPECIAL_{rank}>" for rank in range(len(names), 32)]
    names += ["[ARGS]", "[CALL_ID]"]
    names += ["[THINK]", "[/THINK]"] if version >= _THINK_TOKENS_SINCE else []
    return [{"rank": r, "token_str": n, "is_control": True} for r, n in enumerate(names)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput.of(
            "tokenizer",
            "unreadable",
            _("The tokenizer file %(path)s cannot be read: %(reason)s."),
            path=str(path),
            reason=error.strerror,
        ) from error


def _assembled(document: dict[str, Any]) -> "MistralTokenizer[Any, Any, Any, Any, Any]":
    """What ``MistralTokenizer.from_file`` makes of a text-only file, from the bytes we hashed."""
    from mistral_common.protocol.instruct.normalize import get_normalizer
    from mistral_common.protocol.instruct.validator import ValidationMode, get_validator
    from mistral_common.tokens.tokenizers.base import TokenizerVersion
    from mistral_common.tokens.tokenizers.instruct import (
        InstructTokenizerV7,
        InstructTokenizerV11,
        InstructTokenizerV13,
    )
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    config = document["config"]
    kinds = {"v7": InstructTokenizerV7, "v11": InstructTokenizerV11, "v13": InstructTokenizerV13}
    if config["version"] not in kinds:
        raise Malformed(
            _("The tokenizer's version is %(version)s; Magistral's are v7, v11 and v13."),
            version=str(config["version"]),
        )
    version = TokenizerVersion(config["version"])
    tekken = Tekkenizer(
        vocab=document["vocab"],
        special_tokens=list(document.get("special_tokens") or Tekkenizer.DEPRECATED_SPECIAL_TOKENS),
        pattern=config["pattern"],
        vocab_size=config["default_vocab_size"],
        num_special_tokens=config["default_num_special_tokens"],
        version=version,
    )
    return MistralTokenizer(
        kinds[version](tekken),
        validator=get_validator(version, mode=ValidationMode.serving),
        request_normalizer=get_normalizer(version),
    )


def _forget_lists(tekken: Any) -> None:
    """Drop the vocabulary in Python that was needed to build the one in Rust: 55 of 100 MB, and
    nothing that we ask for looks at it again."""
    tekken._vocab = []
    tekken._tekken_token2id_nospecial = tekken._model._mergeable_ranks = {}


def _chunks(text: str) -> "str | list[ContentChunk]":
    """Text in which ``[THINK]`` and ``[/THINK]`` are meant as the tokens of these names.

    Only for what the model or a prompt's author wrote; what a person asks is never taken so.
    """
    from mistral_common.protocol.instruct.chunk import TextChunk, ThinkChunk

    chunks: list[ContentChunk] = []
    plain, *blocks = _THINKING.split(text)
    for thinking, closing, after in zip(blocks[0::3], blocks[1::3], blocks[2::3], strict=True):
        chunks += [TextChunk(text=plain)] if plain else []
        chunks += [ThinkChunk(thinking=thinking, closed=bool(closing))]
        plain = after
    chunks += [TextChunk(text=plain)] if plain else []
    return chunks if blocks else text
