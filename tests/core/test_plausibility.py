"""Could this model have written this? Told from made-up models whose chances are known."""

import math
import random

import pytest

from reasoning.core.errors import Malformed
from reasoning.core.plausibility import (
    LISTED,
    Place,
    TokenScore,
    Verdict,
    figures,
    pack,
    place,
    unpack,
    verdict,
)

VOCABULARY = 200


def chances(luck, sharpness):
    """A distribution over a vocabulary, as a model has one at some place."""
    weights = [math.exp(sharpness * luck.gauss(0, 1)) for _token in range(VOCABULARY)]
    total = sum(weights)
    return sorted((weight / total for weight in weights), reverse=True)


def sample(luck, probabilities, temperature, top_p):
    """What an engine does: temper, cut at top_p, draw; the place of the drawn token."""
    tempered = [p ** (1 / max(temperature, 0.01)) for p in probabilities]
    total, nucleus, mass = sum(tempered), [], 0.0
    for weight in tempered:
        nucleus.append(weight)
        mass += weight / total
        if mass >= top_p:
            break
    return luck.choices(range(len(nucleus)), nucleus)[0]


def written(*, temperature, top_p, tokens=400, sharpness=3.0, drawn_at=None, seed=1):
    """Scores of a text that the model wrote; with ``drawn_at`` at another temperature than said."""
    luck = random.Random(seed)
    places = []
    for _token in range(tokens):
        probabilities = chances(luck, sharpness)
        drawn = sample(luck, probabilities, drawn_at or temperature, top_p)
        listed = tuple(math.log(p) for p in probabilities[:LISTED])
        places.append(place(TokenScore(math.log(probabilities[drawn]), listed), temperature))
    return figures(places, top_p)


def foreign(*, temperature, top_p, agreement, tokens=400, seed=1):
    """Scores of a text that takes this model's likeliest token only so often, else any."""
    luck = random.Random(seed)
    places = []
    for _token in range(tokens):
        probabilities = chances(luck, 3.0)
        drawn = 0 if luck.random() < agreement else luck.randrange(1, VOCABULARY)
        listed = tuple(math.log(p) for p in probabilities[:LISTED])
        places.append(place(TokenScore(math.log(probabilities[drawn]), listed), temperature))
    return figures(places, top_p)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("temperature", "top_p"), [(0.7, 0.95), (1.0, 1.0), (1.0, 0.95), (0.3, 1.0), (0.0, 1.0)]
)
def test_a_models_own_text_agrees(temperature, top_p, seed):
    found = written(temperature=temperature, top_p=top_p, seed=seed)
    assert verdict(found, temperature=temperature, forced=False) is Verdict.AGREES
    assert found.impossible == 0


@pytest.mark.parametrize("agreement", [0.0, 0.4])
@pytest.mark.parametrize(("temperature", "top_p"), [(0.7, 0.95), (1.0, 1.0), (0.0, 1.0)])
def test_another_text_differs(temperature, top_p, agreement):
    found = foreign(temperature=temperature, top_p=top_p, agreement=agreement)
    assert verdict(found, temperature=temperature, forced=False) is Verdict.DIFFERS


def test_sampling_hotter_than_recorded_shows():
    found = written(temperature=0.3, drawn_at=1.0, top_p=1.0)
    assert verdict(found, temperature=0.3, forced=False) is Verdict.DIFFERS


def test_a_lower_temperature_raises_what_is_expected():
    score = TokenScore(-1.0, (-1.0, -1.7, -2.5, -3.5, -4.5))
    cold, warm = place(score, 0.3), place(score, 1.0)
    assert cold.chance > warm.chance == pytest.approx(0.674, abs=0.01)


def test_what_lies_outside_top_p_is_counted():
    sure = TokenScore(-9.0, (-0.001, -8.0, -9.0, -10.0, -11.0))
    found = figures([place(sure, 1.0)] * 30, 0.95)
    assert found.impossible == 30
    assert figures([place(sure, 1.0)] * 30, 1.0).impossible == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"temperature": 1.5}, {}),
        ({"tokens": 19}, {}),
        ({"sharpness": 0.0}, {}),
        ({}, {"forced": True}),
    ],
)
def test_no_verdict_where_nothing_can_be_said(changes, said):
    found = written(**{"temperature": 1.0, "top_p": 1.0, **changes})
    temperature = changes.get("temperature", 1.0)
    kept = {"temperature": temperature, "forced": False, **said}
    assert verdict(found, **kept) is Verdict.UNDECIDED


def test_what_is_stored_gives_the_same_figures_again():
    places = [place(TokenScore(-0.5, (-0.5, -1.5, -2.5, -3.5, -4.5)), 0.7)] * 3
    kept = unpack(pack(places))
    assert len(pack(places)) == 3 * 16
    again, first = figures(kept, 0.95), figures(places, 0.95)
    assert again.likeliest == first.likeliest == 3
    assert again.expected == pytest.approx(first.expected, rel=1e-6)


def test_damaged_scores_are_malformed():
    with pytest.raises(Malformed):
        unpack(b"123")
    with pytest.raises(Malformed):
        figures([], 1.0)


def test_a_place_without_any_chance_is_taken():
    """vLLM writes -9999 for what cannot be."""
    found = place(TokenScore(-9999.0, (-0.01, -5.0, -6.0, -7.0, -8.0)), 0.7)
    assert isinstance(found, Place)
    assert found.above > 0.99
