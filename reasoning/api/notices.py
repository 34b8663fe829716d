"""What happened that concerns one."""

from rest_framework.request import Request
from rest_framework.response import Response

from reasoning.api.base import ApiView
from reasoning.api.schema import operation
from reasoning.api.shapes.evidence import list_of
from reasoning.api.shapes.notice import NoticePageShape, NoticeShape
from reasoning.services import notices


class Notices(ApiView):
    """What others did with one's questions, reviews, decisions and notes."""

    @operation(
        "notices_list",
        "List your notices, newest first",
        parameters=[NoticePageShape],
        answers={200: list_of(NoticeShape)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        """Of your questions the newest that happened to each. Reading them here marks nothing as
        seen. Follow `next` until it is null.
        """
        wanted = self.query(NoticePageShape)
        cursor, size = wanted.get("cursor", ""), wanted.get("page_size", notices.PAGE_SIZE)
        page = notices.find(user=self.user, cursor=cursor, size=size)
        shape = NoticeShape(page.notices, many=True)
        return Response({"results": shape.data, "next": self.next_page(page.cursor)})
