"""Addresses of the web portal."""

from django.urls import path
from django.views.i18n import set_language

from reasoning.web import (
    accounts,
    ask,
    comparisons,
    desk,
    exports,
    home,
    look,
    preferences,
    questions,
    queue,
    signing,
    traces,
)

app_name = "web"

urlpatterns = [
    path("", home.home, name="home"),
    path("sign-in/", accounts.SignIn.as_view(), name="sign-in"),
    path("sign-out/", accounts.sign_out, name="sign-out"),
    path("theme/", look.theme, name="theme"),
    path("language/", set_language, name="language"),
    path("preferences/", preferences.prefer, name="prefer"),
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
    path("traces/<uuid:identifier>/replay/", comparisons.replay, name="replay"),
    path("traces/<uuid:identifier>/rescore/", comparisons.rescore, name="rescore"),
    path("review/", queue.queue, name="queue"),
    path("review/next/", queue.start_next, name="start-next"),
    path("review/views/", queue.save_view, name="save-view"),
    path("review/views/<uuid:identifier>/remove/", queue.remove_view, name="remove-view"),
    path("review/<uuid:identifier>/", desk.desk, name="desk"),
    path("review/<uuid:identifier>/start/", queue.start, name="start"),
    path("review/<uuid:identifier>/hand-over/", queue.hand_over, name="hand-over"),
    path("review/<uuid:identifier>/release/", queue.release, name="release"),
    path("review/<uuid:identifier>/notes/", desk.annotate, name="annotate"),
    path("review/<uuid:identifier>/sign/", signing.sign, name="sign"),
    path("decisions/<uuid:identifier>/", signing.receipt, name="receipt"),
]
