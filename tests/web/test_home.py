"""The first page."""

from reasoning.models import Entry


def test_an_empty_service_says_what_will_appear(browse):
    page = browse("analyst").get("/").content.decode()
    assert "Nothing was asked yet" in page
    assert 'href="/ask/"' in page


def test_it_shows_a_question_with_its_trace_and_caption(browse, trace):
    page = browse("analyst").get("/").content.decode()
    assert "Combien font deux et deux" in page
    assert "Two and two are four." in page
    assert "Model-generated working text, recorded unaltered." in page
    assert f"/traces/{trace.pk}/#record" in page
    assert bytes(Entry.objects.get(subject_id=trace.pk).document_sha256).hex() in page


def test_roles_decide_what_is_offered(browse, trace):
    assert 'href="/review/"' in browse("reviewer").get("/").content.decode()
    auditor = browse("auditor").get("/").content.decode()
    assert 'href="/ask/"' not in auditor
    assert 'href="/review/"' not in auditor


def test_who_reads_no_evidence_is_shown_what_they_look_after(browse, trace):
    page = browse("admin").get("/").content.decode()
    assert "Nothing was asked yet" not in page
    assert "There is no finished trace yet." not in page
    assert 'href="/people/">Open the people' in page


def test_others_see_no_content(outsider, trace):
    page = outsider.get("/").content.decode()
    assert "Combien font deux" not in page


def test_the_banner_says_that_a_demonstration_model_is_one(browse, registered):
    from reasoning.services import seeding
    from tests.conftest import deployment_columns

    assert "Demonstration model" not in browse("analyst").get("/").content.decode()
    columns = deployment_columns(demonstration=True, model="SmolLM2-135M.gguf")
    seeding.seed_deployment(columns)
    page = browse("analyst").get("/").content.decode()
    assert "Demonstration model" in page
    assert "INFERENCE_URL" in page
