"""Our template tags only format: a view fetches what its page shows, and passes it to each part.

Only queries below a tag of ours are refused here. The frame reads notices and the person's role
while it is rendered, once a page (docs/decisions/17).
"""

import ast
import sys
from pathlib import Path

import pytest
from django.db import connection

from pingadmin.demo import cast
from tests.audit.factories import record_event
from tests.factories import BulkResumeFactory, HeartbeatFactory, UserFactory

PACKAGE = Path(__file__).resolve().parents[2] / "pingadmin"
TAG_MODULES = sorted(
    path for path in PACKAGE.glob("*/templatetags/*.py") if path.name != "__init__.py"
)
DATABASE = {"objects", "_base_manager", "_default_manager", "connection", "cursor"}
SESSION = f"/sessions/ping/{cast.PING_PAUSED}/"


class TagQueriedError(AssertionError):
    """A query was made while code of a tag module was running."""


def refuse_in_tags(execute, sql, params, many, context):
    frame = sys._getframe(1)
    while frame:
        if (
            "/templatetags/" in frame.f_code.co_filename
            and str(PACKAGE) in frame.f_code.co_filename
        ):
            raise TagQueriedError(f"{frame.f_code.co_filename} made the query {sql}")
        frame = frame.f_back
    return execute(sql, params, many, context)


@pytest.mark.parametrize("path", TAG_MODULES, ids=lambda path: path.stem)
def test_a_tag_neither_names_the_database_nor_reads_the_context(path):
    """What a part of a page shows is passed to it by name: a reader sees where it is from."""
    tree = ast.parse(path.read_text())
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    assert attributes & DATABASE == set() and "takes_context" not in keywords


@pytest.fixture
def furnished(as_support, simulated_upstreams):
    """One of everything that the pages below show."""
    HeartbeatFactory()
    as_support.get(SESSION)
    as_support.post(SESSION + "resume/", {"reason": "Customer approved", "ticket": "INC-4412"})
    as_support.post(SESSION + "notes/add/", {"text": "Two\nlines"})
    as_support.post(SESSION + "assign/", {"act": "take"})


@pytest.mark.parametrize(
    "address",
    [
        "/sessions/",
        "/sessions/?view=all",
        "/sessions/handover/",
        SESSION,
        SESSION + "team/",
        SESSION + "chart/",
        SESSION + "notes/",
        "/resumes/bulk/",
        "/audit/",
        "/audit/integrity/",
        "/collector/",
        "/accounts/2fa/",
    ],
)
@pytest.mark.django_db
def test_no_tag_queries_while_a_page_is_rendered(furnished, as_support, address):
    with connection.execute_wrapper(refuse_in_tags):
        assert as_support.get(address).status_code == 200


@pytest.mark.django_db
def test_no_tag_queries_while_an_entry_of_a_bulk_resume_is_rendered(as_support):
    intent = record_event(batch=str(BulkResumeFactory().pk))
    with connection.execute_wrapper(refuse_in_tags):
        assert as_support.get(f"/audit/{intent.seq}/").status_code == 200


@pytest.mark.django_db
def test_a_query_below_a_tag_is_noticed():
    source = "def count(value):\n    return value.count()"
    namespace: dict = {}
    exec(compile(source, str(PACKAGE / "web/templatetags/counting.py"), "exec"), namespace)
    with connection.execute_wrapper(refuse_in_tags), pytest.raises(TagQueriedError):
        namespace["count"](UserFactory._meta.model.objects)
