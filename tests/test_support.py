"""What the tests themselves rest on: the reader of pages, and the factories of rows."""

import inspect

import pytest
from django.apps import apps
from django.http import HttpResponse
from factory.django import DjangoModelFactory

from tests import factories
from tests.support.html import parse

PAGE = """<!doctype html><title>Board</title>
<form id="find"><input name="q" value="a &amp; b"><input type="checkbox" name="s" value="1" checked>
<input type="checkbox" name="s" value="2"><button name="go">Find</button></form>
<table><tbody><tr><th>ses_1</th><td>Not
  <b>paused</b></td></tr><tr><th>ses_2</th>
<td><!-- a comment -->Paused</td></tr></tbody></table>
<p class="note">Only <script>no()</script>this</p>"""


def test_a_page_is_read_by_what_people_see():
    page = parse(HttpResponse(PAGE))
    assert page.rows() == [["ses_1", "Not paused"], ["ses_2", "Paused"]]
    assert page.text(".note") == "Only this"
    assert page.texts("th") == ["ses_1", "ses_2"]
    assert page.attributes("input", "value") == ["a & b", "1", "2"]
    assert page.has("form#find") and not page.has("form#other")
    assert page.fields("#find") == {"q": ["a & b"], "s": ["1"]}


def test_a_part_of_a_page_is_read_as_well():
    part = parse('<tr data-seq="4"><td>One</td></tr><template><li>Two</li></template>')
    assert part.one("tr")["data-seq"] == "4"
    assert part.texts("td, template li") == ["One", "Two"]


@pytest.mark.parametrize("selector", ["h1", "th"])
def test_the_only_match_is_one_and_no_more(selector):
    with pytest.raises(AssertionError, match=f"elements match '{selector}'"):
        parse(PAGE).one(selector)


MODELS = [
    model
    for config in apps.get_app_configs()
    if config.name.startswith("pingadmin.")
    for model in config.get_models()
]
FACTORIES = {
    maker._meta.get_model_class(): maker
    for _, maker in inspect.getmembers(factories, inspect.isclass)
    if issubclass(maker, DjangoModelFactory)
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_model_has_a_factory_that_makes_a_row(db, model):
    row = FACTORIES[model]()
    assert model.objects.get(pk=row.pk) == row
