"""Who answers."""

import pytest

from reasoning.core.errors import EngineRefused, EngineUnavailable
from reasoning.inference.client import identify
from reasoning.inference.identity import EngineIdentity
from reasoning.inference.requests import EngineAddress, EngineKind


async def test_vllm_says_version_window_and_fingerprint(address):
    assert await identify(address("normal")) == EngineIdentity(
        "vllm", "0.32.0", "fake-normal", 8192, "vllm-0.32.0-fake"
    )


async def test_llama_cpp_says_its_window_and_the_weights_digest(address):
    identity = await identify(address("normal", EngineKind.LLAMA_CPP))
    assert (identity.engine, identity.version, identity.window) == ("llama_cpp", "b0-fake", 8192)
    assert identity.fingerprint == "sha256:" + "0" * 64


async def test_others_say_what_they_say(address):
    identity = await identify(address("normal", EngineKind.OPENAI))
    assert (identity.version, identity.fingerprint) == ("", "")
    assert (identity.engine, identity.window) == ("vllm", 8192)


async def test_a_model_that_is_not_served_is_refused(fake):
    with pytest.raises(EngineRefused) as caught:
        await identify(EngineAddress(EngineKind.VLLM, fake.url, "another"))
    assert caught.value.param == "model"


async def test_nobody_there():
    with pytest.raises(EngineUnavailable):
        await identify(EngineAddress(EngineKind.VLLM, "http://127.0.0.1:9", "m"))


async def test_behind_a_router_the_version_may_not_be_told(address, fake):
    fake.version = None
    identity = await identify(address("normal"), fingerprint=False)
    assert (identity.version, identity.window) == ("", 8192)
