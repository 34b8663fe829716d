"""What every view of the API shares."""

from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from reasoning.api.parsing import StrictJson
from reasoning.api.shapes.fields import Shape
from reasoning.core.errors import FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Question, User
from reasoning.services import limits
from reasoning.services.addresses import address_of


class JsonAnyway(DefaultContentNegotiation):
    """Answers are JSON whatever the client says it accepts (RFC 9110, 12.5.1 allows it).

    So a client that asks for something else can still read why it was refused.
    """

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """A view parses, makes one service call and responds.

    ``question`` is set once the question is known: a refusal is remembered as being about it.
    """

    parser_classes = [StrictJson]
    content_negotiation_class = JsonAnyway
    metadata_class = None
    question: Question | None = None

    def perform_authentication(self, request: Request) -> None:
        """Who asks; counted by address before anything is looked up, and by person."""
        limits.require(limits.API_ADDRESS, address_of(request))
        super().perform_authentication(request)
        if isinstance(request.user, User):
            limits.require(limits.API_PERSON, str(request.user.pk))

    @property
    def user(self) -> User:
        """Who asks. Every view requires one."""
        user = self.request.user
        assert isinstance(user, User)
        return user

    def body(self, shape: type[Shape]) -> dict[str, Any]:
        """The request's body as the shape reads it. Raises what the renderer shows."""
        return read(shape, self.request.data)

    def query(self, shape: type[Shape]) -> dict[str, Any]:
        """The query string as the shape reads it. Each parameter may occur once."""
        found = dict(self.request.query_params.lists())
        if twice := [name for name, values in found.items() if len(values) > 1]:
            sentence = _("This parameter occurs twice.")
            raise InvalidInput(fields=[FieldError(name, "repeated", sentence) for name in twice])
        return read(shape, {name: values[0] for name, values in found.items()})

    def next_page(self, cursor: str) -> str | None:
        """This address with another cursor; None when there is no next page."""
        if not cursor:
            return None
        query = self.request.query_params.copy()
        query["cursor"] = cursor
        address: str = self.request.build_absolute_uri(f"?{query.urlencode()}")
        return address


def read(shape: type[Shape], data: Any) -> dict[str, Any]:
    """An object as the shape reads it. Raises REST framework's ValidationError."""
    reading = shape(data=data)
    reading.is_valid(raise_exception=True)
    values: dict[str, Any] = reading.validated_data
    return values
