"""Findings about the shape of an answer: thinking once, closed, then a summary, and all of it."""

from collections.abc import Callable, Iterable, Iterator

from reasoning.core import think
from reasoning.core.errors import gettext_noop as _
from reasoning.core.observations import Observation, Observed
from reasoning.core.places import Place, as_data, blocks, tags
from reasoning.core.think import Split, ThinkForm

_SHAPE = {
    think.NO_THINKING: _("The answer has no thinking."),
    think.THINKING_NOT_CLOSED: _(
        "The thinking was never closed, so there is no telling where it ends."
    ),
    think.EMPTY_SUMMARY: _("The summary is empty."),
    think.THINKING_NOT_OPENED: _(
        "The thinking was closed but never opened; all before the closing tag counts as such."
    ),
    think.SEVERAL_THINKING_BLOCKS: _("There is more than one block of thinking."),
    think.NESTED_OPENING: _("A tag of the thinking's form stands inside the thinking."),
    think.STRAY_CLOSING: _("A tag of the thinking's form stands inside the summary."),
    think.TEXT_BEFORE_THINKING: _("There is text before the thinking."),
    think.EMPTY_THINKING: _("The thinking is empty."),
}


def _shape(observed: Observed) -> Iterator[Observation]:
    for defect, sentence in _SHAPE.items():
        if defect in observed.split.defects:
            data = as_data(_places(defect, observed.split, observed.form))
            yield Observation(defect, "blocking", sentence, data)


def _places(defect: str, split: Split, form: ThinkForm) -> Iterable[Place]:
    """Where a defect is, if it is anywhere."""
    if defect == think.SEVERAL_THINKING_BLOCKS:
        return blocks(split, "thinking")[1:]
    if defect == think.TEXT_BEFORE_THINKING:
        return blocks(split, "summary")[:1]
    if defect == think.NESTED_OPENING:
        return tags(split, "thinking", form)
    if defect == think.STRAY_CLOSING:
        return tags(split, "summary", form)
    return ()


def _cut_off(observed: Observed) -> Iterator[Observation]:
    reason = observed.finish_reason
    if reason == "stop":
        return
    if not reason:
        sentence = _("The answer was cut off: the engine never said that it had finished.")
    elif reason == "length":
        sentence = _("The answer was cut off at the limit of tokens.")
    else:
        sentence = _("The answer was cut off; the engine's reason is “%(reason)s”.")
    yield Observation("cut_off", "blocking", sentence, {"reason": reason or ""})


CHECKS: tuple[Callable[[Observed], Iterator[Observation]], ...] = (_shape, _cut_off)
