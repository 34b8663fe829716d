"""Help explains a checkpoint in three sentences, and is for everybody who has signed in."""


def test_help_explains_a_checkpoint_in_three_sentences(browse, db):
    shown = browse("analyst").get("/help/").content.decode()
    section = shown.partition('id="checkpoint"')[2].partition("</section>")[0]
    explained = section.partition("<p>")[2].partition("</p>")[0].strip()
    assert explained.count(".") == 3
    assert explained.startswith("Everything recorded is a leaf of one tree.")


def test_every_page_leads_to_help(browse, outsider, client, db):
    assert 'href="/help/"' in browse("reviewer").get("/").content.decode()
    assert outsider.get("/help/").status_code == 200
    assert client.get("/help/").status_code == 302
