"""Findings about prompt and engine: was it the approved one, and did it read what was sent?"""

from collections.abc import Callable, Iterator

from reasoning.core.errors import gettext_noop as _
from reasoning.core.observations import Observation, Observed


def _near_window(observed: Observed) -> Iterator[Observation]:
    """The recommended window is 40,960 tokens, and thinking takes ten thousand and more."""
    if 4 * observed.prompt_tokens >= 3 * observed.window:
        sentence = _("The prompt takes %(tokens)s of %(window)s tokens: little room was left.")
        data = {"tokens": observed.prompt_tokens, "window": observed.window}
        yield Observation("prompt_near_window", "warning", sentence, data)


def _fidelity(observed: Observed) -> Iterator[Observation]:
    code = "fidelity_below_raw_ids"
    if observed.fidelity == "raw_text":
        sentence = _("The engine gave no token ids: the answer is known as text only.")
        yield Observation(code, "info", sentence)
    elif observed.fidelity != "raw_ids":
        sentence = _("The engine had taken the answer apart: tags and white space may be lost.")
        yield Observation(code, "warning", sentence)


_ANOTHER = _("The engine's %(name)s is %(observed)s; %(approved)s was approved.")
_NONE = _("The engine gave no %(name)s; %(approved)s was approved.")


def _engine(observed: Observed) -> Iterator[Observation]:
    approved = {name: value for name, value in observed.engine_approved.items() if value}
    said = observed.engine_observed.items()
    known = {name: value for name, value in said if value or name == "fingerprint"}
    for name in sorted(approved.keys() & known.keys()):
        if known[name] != approved[name]:
            sentence = _ANOTHER if known[name] else _NONE
            data = {"name": name, "observed": known[name], "approved": approved[name]}
            yield Observation("engine_not_as_approved", "blocking", sentence, data)
    if approved and not approved.keys() & known.keys():
        sentence = _("The engine said nothing of itself that could be compared with the approval.")
        yield Observation("engine_identity_unknown", "info", sentence)


def _prompt(observed: Observed) -> Iterator[Observation]:
    sent, reported = tuple(observed.prompt_ids_sent), tuple(observed.prompt_ids_reported)
    if not reported or reported == sent:
        return
    pairs = zip(sent, reported, strict=False)
    shorter = min(len(sent), len(reported))
    place = next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), shorter)
    sentence = _(
        "The engine did not read the prompt that was rendered: %(reported)s tokens instead of "
        "%(sent)s, different from number %(place)s on."
    )
    data = {"sent": len(sent), "reported": len(reported), "place": place + 1}
    yield Observation("prompt_not_as_rendered", "blocking", sentence, data)


def _prompt_count(observed: Observed) -> Iterator[Observation]:
    """Of an engine that renders messages itself, its count is all that is known of its prompt."""
    counted, rendered = observed.prompt_tokens_counted, len(observed.prompt_ids_sent)
    if counted is None or not rendered or counted == rendered:
        return
    sentence = _("The engine counted %(counted)s tokens in its prompt; %(rendered)s were rendered.")
    data = {"counted": counted, "rendered": rendered}
    yield Observation("prompt_count_differs", "warning", sentence, data)


CHECKS: tuple[Callable[[Observed], Iterator[Observation]], ...] = (
    _engine,
    _prompt,
    _prompt_count,
    _fidelity,
    _near_window,
)
