"""Replay and re-score against real vLLM with real words: a trace swapped in shows."""

import random
from collections.abc import Callable, Iterator

import pytest
import requests

from reasoning.core.errors import EngineRefused
from reasoning.core.token_ids import pack, unpack
from reasoning.core.tokenizers import load_tokenizer
from reasoning.inference.loop import run as on_loop
from reasoning.inference.scoring import score
from reasoning.inference.transport import ask
from reasoning.models import ComparisonKind, ComparisonRequest, Deployment, Renderer, Rescore, Trace
from reasoning.services import rescoring
from reasoning.services.evidence import SYSTEM, record
from tests.conftest import deployment_columns
from tests.vllm.conftest import answered, compared
from tests.vllm.serving import OF_SMOLLM2, SMOLLM2, Vllm, serving, smollm2

pytestmark = pytest.mark.vllm

QUESTION = "Why does a lender ask for the accounts of the last three years?"
BY_A_PERSON = """Three years of accounts let the lender see past one good season. Turnover that
creeps up while the margin thins tells of discounts; stock that swells tells of goods nobody wants.
I would first look at what the owners took out, then at how late the suppliers were paid, and only
after that at the profit, which an accountant can move about. If the auditor changed in the second
year, ring both. A single bad year is no shame, provided somebody can say in a sentence what went
wrong and what was done about it by Easter. Ask, too, who signs when the owner is away; our branch
lost forty thousand in Lyon because nobody had. Old suppliers gossip, tax offices do not. And never
lend on a forecast whose author has left."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vllm]:
    with serving(smollm2(), SMOLLM2, OF_SMOLLM2, tmp_path_factory.mktemp("vllm")) as running:
        yield running


@pytest.fixture
def deployment(engine: Vllm, approved: Callable[..., Deployment]) -> Deployment:
    return approved(
        **deployment_columns(
            base_url=engine.url,
            model=SMOLLM2,
            revision="",
            window=800,
            renderer=Renderer.ENGINE,
            tokenizer_sha256="",
            tokenizer_version="",
            engine_version=requests.get(f"{engine.url}/version", timeout=20).json()["version"],
        )
    )


def rescored(trace: Trace, ids: list[int]) -> Rescore:
    """A re-score of the trace as it would be with another output."""
    wish = ComparisonRequest(
        trace=trace, question_id=trace.question_id, what=ComparisonKind.RESCORE
    )
    record(SYSTEM, wish)
    trace.output_token_ids = pack(ids)
    return rescoring.rescore(wish, lambda work: work.result())


def test_its_own_trace_agrees_and_others_show(engine: Vllm, deployment: Deployment) -> None:
    trace = answered(QUESTION)
    own = unpack(bytes(trace.output_token_ids))
    assert trace.fidelity == "raw_ids"
    agreeing = compared(trace, ComparisonKind.RESCORE)
    assert (agreeing.verdict, agreeing.tokens) == ("agrees", len(own)), agreeing.facts()
    assert agreeing.differing == []

    replay = compared(trace, ComparisonKind.REPLAY)
    assert (replay.compared, replay.failure_code) == (len(own), "")
    assert replay.matched > 0

    written = {"model": SMOLLM2, "prompt": BY_A_PERSON, "add_special_tokens": False}
    person = on_loop(ask(engine.address, "/tokenize", written)).result()["tokens"]
    luck = random.Random(7)
    others = {
        "a person": person,
        "a model with random weights": [luck.randrange(1_000, 40_000) for _ in range(200)],
        "the same words in another order": luck.sample(own, len(own)),
    }
    for writer, ids in others.items():
        row = rescored(trace, ids)
        assert row.verdict == "differs", (writer, row.facts())
        assert float(row.mean_logprob) < float(agreeing.mean_logprob)


def test_ids_of_another_vocabulary_are_refused(engine: Vllm) -> None:
    unknown = load_tokenizer(None).size - 1
    with pytest.raises(EngineRefused):
        on_loop(score(engine.address, [1, 2, 3], [unknown], seconds=60)).result()
