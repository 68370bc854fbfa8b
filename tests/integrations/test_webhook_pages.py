"""The pages of endpoints: made, shown how to post, and the examples on them work as they stand."""

import html
import os
import re
import subprocess
import sys

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Connection, Delivery
from integrations.work_off import work_off
from tests.flows.waiting import eventually
from tests.integrations.posting import poster, upsert


def pre(page: str, mark: str) -> str:
    found = re.search(rf"<pre[^>]*{mark}[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert found, page
    return html.unescape(found[1])


@pytest.fixture
def shop():
    return poster()


@pytest.fixture
def browser(shop) -> Client:
    client = Client()
    client.force_login(shop.user)
    return client


@pytest.mark.django_db
def test_a_secret_is_shown_once_and_works(shop, browser):
    page = browser.post("/endpoints/make/", {"name": "Forms & <b>co"}, follow=True).content.decode()
    secret = pre(page, "data-secret")
    made = Connection.objects.exclude(pk=shop.endpoint.pk).get()
    shop.endpoint, shop.secret = made, secret
    assert shop.post(upsert()).status_code == 202
    again = browser.get(f"/endpoints/{made.pk}/").content.decode()
    assert secret not in again
    assert "Forms &amp; &lt;b&gt;co" in again
    assert "Forms &amp; &lt;b&gt;co" in browser.get("/endpoints/").content.decode()
    assert "Forms &amp; &lt;b&gt;co" in browser.get("/settings/").content.decode()
    assert "/endpoints/" in browser.get("/connect/").content.decode()


@pytest.mark.django_db
def test_renaming_rolling_playing_again_and_deleting_are_the_owners(shop, browser):
    shop.post(upsert(), id="msg_1")
    work_off(now=timezone.now())
    base, row = f"/endpoints/{shop.endpoint.pk}", Delivery.objects.get()
    stranger = Client()
    stranger.force_login(poster("eve@example.com").user)
    for verb, sent in (("rename", {"name": "x"}), ("roll", {}), ("delete", {}),
                       ("replay", {"delivery": row.pk})):  # fmt: skip
        assert stranger.post(f"{base}/{verb}/", sent).status_code == 404
        assert browser.get(f"{base}/{verb}/").status_code == 405
    assert stranger.get(f"{base}/").status_code == 404
    page = browser.get(f"{base}/").content.decode()
    assert "msg_1" not in page, "what a sender calls it may be words, and is kept by nobody"
    assert "Take in again" in page
    for odd in ("", "x", "9" * 40, "²"):
        assert browser.post(f"{base}/replay/", {"delivery": odd}).status_code == 302
    browser.post(f"{base}/replay/", {"delivery": row.pk})
    assert Delivery.objects.get().outcome == "waiting"
    browser.post(f"{base}/rename/", {"name": "Cellar"})
    assert Connection.objects.get(pk=shop.endpoint.pk).label == "Cellar"
    rolled = browser.post(f"{base}/roll/", follow=True).content.decode()
    assert shop.post(upsert(), secret=pre(rolled, "data-secret")).status_code == 202
    assert "works until" in rolled
    assert browser.post(f"{base}/delete/").status_code == 302
    assert not Connection.objects.filter(pk=shop.endpoint.pk).exists()


@pytest.mark.django_db
def test_a_reload_makes_no_second_endpoint_and_no_second_secret(shop, browser):
    for address, sent in (
        ("/endpoints/make/", {"name": "Cellar"}),
        (f"/endpoints/{shop.endpoint.pk}/roll/", {}),
    ):
        reply = browser.post(address, sent)
        assert reply.status_code == 302
        page = reply["Location"]
        # No look ahead, and no other page, uses the one view up.
        assert browser.head(page).status_code == 200
        browser.get("/endpoints/")
        assert pre(browser.get(page).content.decode(), "data-secret").startswith("whsec_")
        assert "data-secret" not in browser.get(page).content.decode()
    assert Connection.objects.filter(user=shop.user, source="webhook").count() == 2


@pytest.mark.django_db
def test_a_new_secret_is_nowhere_in_the_session(shop, browser):
    browser.post(f"/endpoints/{shop.endpoint.pk}/roll/")
    secret = Connection.objects.get(pk=shop.endpoint.pk).access_token
    assert secret
    assert secret not in str(dict(browser.session))


@pytest.mark.django_db
def test_whoever_opens_an_address_that_is_for_a_button_gets_a_page_and_a_way_back(shop, browser):
    base = f"/endpoints/{shop.endpoint.pk}"
    for address in ("/endpoints/make/", f"{base}/roll/", "/answer/", "/sign-out/"):
        reply = browser.get(address, headers={"accept": "text/html,*/*"})
        assert reply.status_code == 405, address
        assert "POST" in reply["Allow"]
        page = reply.content.decode()
        assert "Nothing was changed." in page
        assert 'href="/"' in page
        assert browser.get(address).content == b""  # a machine needs no page


@pytest.mark.django_db
def test_a_delivery_that_went_well_is_said_to_be_taken_in(shop, browser):
    shop.post(upsert(), id="msg_1")
    work_off(now=timezone.now())
    page = browser.get(f"/endpoints/{shop.endpoint.pk}/").content.decode()
    assert "</time> · taken in" in page
    assert "</code> · done" not in page


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_both_examples_on_the_page_work_as_they_stand(live, worker, tmp_path):
    shop = poster()
    browser = Client()
    browser.force_login(shop.user)
    page = browser.get(f"/endpoints/{shop.endpoint.pk}/").content.decode()
    environment = {**os.environ, "OO_SECRET": shop.secret}
    script = tmp_path / "post.py"
    script.write_text(pre(page, 'data-example="python"'))
    assert len(script.read_text().strip().splitlines()) == 10
    for command in (["sh", "-c", pre(page, 'data-example="curl"')], [sys.executable, str(script)]):
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=30
        )
        assert done.returncode == 0, done.stderr
        assert '"new": true' in done.stdout, done.stdout
    shop.sent |= {"bike-1", "bike-2"}
    eventually(lambda: set(shop.open_tasks()) == {"bike-1", "bike-2"}, what="both tasks")
