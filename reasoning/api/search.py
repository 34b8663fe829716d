"""Searching everything one may read."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from reasoning.api.base import ApiView
from reasoning.api.schema import operation
from reasoning.api.shapes.evidence import list_of
from reasoning.api.shapes.search import HitShape, SearchFilterShape, looked_back_to, shape_of
from reasoning.models import Place
from reasoning.services import hits, identifiers, looks, searching
from reasoning.services.facets import Facets


class Search(ApiView):
    """Questions, traces, notes and decisions by their words and facets."""

    @operation(
        "search",
        "Search, newest first",
        parameters=[SearchFilterShape],
        answers={200: list_of(HitShape, looked_back_to=looked_back_to())},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        """In the workspaces in which you are analyst, reviewer or auditor.

        Records whose id, hash or case reference is `q`, or begins so, come first. `after` is
        included, `before` is not. What you look for is recorded. Follow `next` until it is null.
        """
        wanted = self.query(SearchFilterShape)
        cursor, size = wanted.pop("cursor", ""), wanted.pop("page_size", searching.PAGE_SIZE)
        facets = Facets(words=wanted.pop("q", ""), **wanted)
        results = searching.find(user=self.user, facets=facets, cursor=cursor, size=size)
        exact = [] if cursor else identifiers.find(user=self.user, typed=facets.words)
        looks.remember_search(user=self.user, place=Place.API, query=_query(request))
        named = {one.subject_id for one in exact}
        rest = [one for one in results.found if one.subject_id not in named]
        found = [*hits.read(exact, None), *hits.read(rest, results.pattern)]
        shapes = [shape_of(hit) for hit in found]
        return Response(
            {
                "results": shapes,
                "next": self.next_page(results.cursor),
                "looked_back_to": results.looked_back_to,
            }
        )


def _query(request: Request) -> str:
    query: Any = request.query_params.copy()
    query.pop("cursor", None)
    return str(query.urlencode())
