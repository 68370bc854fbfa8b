"""Of too many decisions a fair share is looked at, never just the newest."""

from datetime import timedelta

import pytest

from recommender.models import Score
from recommender.thinned import thinned
from tests.people import NOW
from tests.recommender.history import lived, people

pytestmark = pytest.mark.django_db


def test_where_there_are_not_too_many_all_are_looked_at():
    lived(people(3), 10)
    assert thinned(Score.objects.all(), 30).count() == 30


def test_a_share_holds_everyone_and_every_day_alike_and_a_smaller_one_lies_within_it():
    lived(people(20), 40, days=20)
    # The ids of these lives begin with a bit of 0, so a quarter of all ids is half of these.
    some, few = (
        set(thinned(Score.objects.all(), most).values_list("pk", flat=True)) for most in (200, 100)
    )
    assert few < some
    assert 140 < len(few) < 260
    some = Score.objects.filter(pk__in=few)
    assert some.values("user").distinct().count() == 20
    for days in range(0, 20, 5):
        ends = NOW - timedelta(days=days)
        begins = ends - timedelta(days=5)
        within = {"decision__created_at__gte": begins, "decision__created_at__lt": ends}
        assert 20 < some.filter(**within).count() < 80
