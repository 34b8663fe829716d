"""Following up on the web: the button, the form, and the conversation on every page of it."""

from uuid import uuid4

from reasoning.models import Question, Run

SECOND = "Et pourquoi pas cinq ?"


def test_the_button_leads_to_a_form_of_the_same_case(browse, trace):
    page = browse("analyst").get(f"/questions/{trace.question_id}/").content.decode()
    address = f"/ask/?follows={trace.question_id}"
    assert address in page
    form = browse("analyst").get(address).content.decode()
    assert "This follows an earlier question" in form
    assert "Combien font deux et deux" in form
    assert f'name="follows" value="{trace.question_id}"' in form
    assert 'value="AML-7"' in form


def test_nobody_else_gets_the_button(browse, trace, submitted):
    assert (
        "?follows="
        not in browse("reviewer").get(f"/questions/{trace.question_id}/").content.decode()
    )


def test_without_an_answer_there_is_no_button_and_no_way_round_it(browse, submitted, sent):
    address = f"/questions/{submitted.question.pk}/"
    assert "?follows=" not in browse("analyst").get(address).content.decode()
    form = {"workspace": "finance", "text": SECOND, "case_reference": "AML-7"}
    answer = browse("analyst").post("/ask/", {**form, "follows": str(submitted.question.pk)})
    assert answer.status_code == 400
    assert "no finished answer" in answer.content.decode()
    assert Question.objects.count() == 1


def test_the_chain_is_shown_on_both_pages_and_on_the_trace(browse, trace, sent):
    form = {"workspace": "finance", "text": SECOND, "case_reference": "AML-7"}
    answer = browse("analyst").post("/ask/", {**form, "follows": str(trace.question_id)})
    run = Run.objects.get(question__follows=trace.question_id)
    assert answer["Location"] == f"/questions/{run.question_id}/"
    later = browse("analyst").get(answer["Location"]).content.decode()
    assert f'rel="prev" href="/questions/{trace.question_id}/"' in later
    assert f'href="/traces/{trace.pk}/"' in later
    for path in (f"/questions/{trace.question_id}/", f"/traces/{trace.pk}/"):
        page = browse("analyst").get(path).content.decode()
        assert f'rel="next" href="/questions/{run.question_id}/"' in page
        assert SECOND.split()[-2] in page


def test_another_case_is_named_at_its_field(browse, trace, sent):
    form = {"workspace": "finance", "text": SECOND, "case_reference": "AML-8"}
    answer = browse("analyst").post("/ask/", {**form, "follows": str(trace.question_id)})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'href="#id_case_reference"' in page
    assert "This follows an earlier question" in page


def test_tokens_are_counted_with_what_is_carried(browse, trace):
    form = {"workspace": "finance", "text": SECOND}
    alone = browse("analyst").post("/ask/count/", form).json()
    follows = {**form, "follows": str(trace.question_id)}
    assert browse("analyst").post("/ask/count/", follows).json()["tokens"] > alone["tokens"]
    gone = browse("analyst").post("/ask/count/", {**form, "follows": str(uuid4())})
    assert gone.status_code == 400


def test_a_question_that_is_not_theirs_cannot_be_followed(browse, trace):
    for named in (uuid4(), "nonsense"):
        assert browse("analyst").get(f"/ask/?follows={named}").status_code == 404


def test_the_api_follows_and_says_so(client_for, people, trace, sent):
    analyst = client_for(people["analyst"])
    asked = {"workspace": "finance", "text": SECOND, "case_reference": "AML-7"}
    answer = analyst.post(
        "/api/v1/questions/", {**asked, "follows": str(trace.question_id)}, format="json"
    ).json()
    assert answer["follows"] == str(trace.question_id)
    assert answer["runs"][0]["follows_trace_id"] == str(trace.pk)
    first = analyst.get(f"/api/v1/questions/{trace.question_id}/").json()
    assert (first["follows"], first["followed_by"]) == (None, [answer["id"]])
    wrong = analyst.post(
        "/api/v1/questions/", {**asked, "follows": "x", "case_reference": ""}, format="json"
    ).json()
    assert [error["field"] for error in wrong["errors"]] == ["follows"]
