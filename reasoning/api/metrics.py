"""For Prometheus: operators' figures in its text format, to whoever has the token for them."""

from collections.abc import Iterable, Iterator
from secrets import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from reasoning.services.gauges import Gauge, Sample, gauges

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PREFIX = "magistral"
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def metrics(request: HttpRequest) -> HttpResponse:
    """Every gauge; 404 without the right ``Authorization: Bearer``, or where METRICS_TOKEN is not
    set: to others it is not there."""
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    given = request.headers.get("Authorization", "").encode()
    if not settings.METRICS_TOKEN or not compare_digest(given, expected):
        return HttpResponse(status=404)
    return HttpResponse(exposition(gauges()), content_type=CONTENT_TYPE)


def exposition(found: Iterable[Gauge]) -> str:
    """Gauges in the Prometheus text format, version 0.0.4."""
    return "".join(f"{line}\n" for gauge in found for line in _lines(gauge))


def _lines(gauge: Gauge) -> Iterator[str]:
    name = f"{PREFIX}_{gauge.name}"
    yield f"# HELP {name} {gauge.says}"
    yield f"# TYPE {name} gauge"
    for sample in gauge.samples:
        yield f"{name}{_labels(sample)} {sample.value}"


def _labels(sample: Sample) -> str:
    pairs = [f'{name}="{value.translate(ESCAPES)}"' for name, value in sample.labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""
