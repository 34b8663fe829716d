"""Who answers."""

import pytest

from reasoning.core.errors import EngineRefused, EngineUnavailable
from reasoning.inference.client import identify
from reasoning.inference.identity import EngineIdentity
from reasoning.inference.requests import EngineAddress, EngineKind
from tests.engine import documented


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


async def test_ollama_says_the_digest_of_its_model_and_what_it_can_hold(address):
    identity = await identify(address("normal", EngineKind.OLLAMA))
    assert (identity.engine, identity.version, identity.model) == (
        "ollama",
        "0.14.2",
        "fake-normal",
    )
    assert identity.window == documented.TRAINED
    assert identity.fingerprint == f"sha256:{documented.DIGEST}"


@pytest.mark.parametrize("name", ["fake", "fake:latest"])
async def test_ollamas_latest_needs_no_tag(fake, name):
    identity = await identify(EngineAddress(EngineKind.OLLAMA, fake.url, name))
    assert identity.model == name


@pytest.mark.parametrize("name", ["another", "fake:24b", ""])
@pytest.mark.parametrize("kind", [EngineKind.OLLAMA, EngineKind.LM_STUDIO])
async def test_a_model_that_is_not_installed_is_refused(fake, kind, name):
    with pytest.raises(EngineRefused) as caught:
        await identify(EngineAddress(kind, fake.url, name))
    assert caught.value.param == "model"


async def test_lm_studio_says_the_window_that_is_loaded_and_what_runs_the_model(address):
    assert await identify(address("normal", EngineKind.LM_STUDIO)) == EngineIdentity(
        "lm_studio", "llama.cpp-linux-x86_64 1.3.0", "fake-normal", 8192, "llama gguf Q4_K_M"
    )


async def test_lm_studio_is_asked_for_no_answer_between_runs(address):
    identity = await identify(address("empty", EngineKind.LM_STUDIO), fingerprint=False)
    assert (identity.version, identity.window) == ("", documented.TRAINED)
