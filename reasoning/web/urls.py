"""Addresses of the web portal."""

from django.urls import path
from django.views.i18n import set_language

from reasoning.web import ask, exports, home, questions, review, session, signing, traces

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", session.SignIn.as_view(), name="sign-in"),
    path("sign-out/", session.sign_out, name="sign-out"),
    path("theme/", session.theme, name="theme"),
    path("language/", set_language, name="language"),
    path("ask/", ask.ask, name="ask"),
    path("ask/count/", ask.count, name="ask-count"),
    path("questions/", questions.index, name="questions"),
    path("questions/<uuid:identifier>/", questions.detail, name="question"),
    path("questions/<uuid:identifier>/again/", questions.again, name="ask-again"),
    path("runs/<uuid:identifier>/cancel/", questions.cancel, name="cancel"),
    path("traces/<uuid:identifier>/", traces.detail, name="trace"),
    path("traces/<uuid:identifier>/evidence.json", traces.evidence, name="evidence"),
    path("questions/<uuid:identifier>/bundle/", exports.of_question, name="export-question"),
    path("exports/", exports.index, name="exports"),
    path("exports/<uuid:identifier>/", exports.detail, name="export"),
    path("exports/<uuid:identifier>/download/", exports.download, name="export-download"),
    path("review/", review.queue, name="queue"),
    path("review/<uuid:identifier>/", review.desk, name="desk"),
    path("review/<uuid:identifier>/notes/", review.annotate, name="annotate"),
    path("review/<uuid:identifier>/release/", review.release, name="release"),
    path("review/<uuid:identifier>/sign/", signing.sign, name="sign"),
    path("decisions/<uuid:identifier>/", signing.receipt, name="receipt"),
]
