"""Nothing personal is forgotten to be forgotten: every model is in some holder, or says why not."""

from django.apps import apps

from accounts import privacy
from oo.lib.encrypted import EncryptedTextField


def every_model() -> set[str]:
    found = apps.get_models(include_auto_created=True)
    return {m._meta.label for m in found if m._meta.managed and not m._meta.proxy}


def test_every_model_is_held_by_someone_or_impersonal_with_a_reason():
    # A table between two impersonal models names nobody either.
    between = {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.auto_created
        and all(
            field.related_model._meta.label in privacy._impersonal
            for field in model._meta.fields
            if field.is_relation
        )
    }
    assert every_model() - between - privacy.covered_models() == set()


def test_nothing_is_covered_that_is_not_there():
    assert privacy.covered_models() - every_model() == set()


def test_no_model_is_held_twice_or_held_and_impersonal():
    held = [model for holder in privacy.holders() for model in holder.models]
    assert len(held) == len(set(held))
    assert not set(held) & set(privacy._impersonal)


def test_every_reason_is_one():
    assert all(len(reason) > 8 for reason in privacy._impersonal.values())


def test_nothing_that_points_to_a_user_or_is_sealed_is_called_impersonal():
    for label in privacy._impersonal:
        for field in apps.get_model(label)._meta.fields:
            assert not isinstance(field, EncryptedTextField), label
            points = field.is_relation and field.related_model
            assert not points or field.related_model._meta.label != "accounts.User", label


def test_holders_have_different_names_and_the_top_floor_forgets_first():
    holders = privacy.holders()
    assert len({holder.id for holder in holders}) == len(holders)
    assert [holder.floor for holder in holders] == sorted(
        (holder.floor for holder in holders), reverse=True
    )
