"""Addresses of this app."""

from django.urls import URLPattern, URLResolver, path

from profiles.views import alarms, checking, defaults, documents, payouts, profiles, queue, revealing, reviews, taxes

urlpatterns: list[URLPattern | URLResolver] = [
    path("profiles/", profiles.profiles, name="profiles"),
    path("profiles/defaults/", defaults.defaults, name="defaults"),
    path("profiles/payout/new/", payouts.payout_new, name="payout_new"),
    path("profiles/payout/check/<slug:kind>/", checking.payout_check, name="payout_check"),
    path("profiles/payout/<uuid:pk>/", payouts.payout, name="payout"),
    path("profiles/payout/<uuid:pk>/edit/", payouts.payout_edit, name="payout_edit"),
    path("profiles/payout/<uuid:pk>/reveal/", revealing.payout_reveal, name="payout_reveal"),
    path("profiles/payout/<uuid:pk>/archive/", payouts.payout_archive, name="payout_archive"),
    path("bank-alarm/<str:token>/", alarms.bank_alarm, name="bank_alarm"),
    path("profiles/tax/new/", taxes.tax_new, name="tax_new"),
    path("profiles/tax/check/<slug:kind>/", checking.tax_check, name="tax_check"),
    path("profiles/tax/<uuid:pk>/", taxes.tax, name="tax"),
    path("profiles/tax/<uuid:pk>/documents/", documents.tax_document_upload, name="tax_document_upload"),
    path("profiles/tax/documents/<uuid:pk>/", documents.tax_document, name="tax_document"),
    path("profiles/tax/documents/<uuid:pk>/remove/", documents.tax_document_remove, name="tax_document_remove"),
    path("profiles/tax/<uuid:pk>/edit/", taxes.tax_edit, name="tax_edit"),
    path("profiles/tax/<uuid:pk>/archive/", taxes.tax_archive, name="tax_archive"),
    path("reviews/", queue.reviews, name="reviews"),
    path("reviews/dashboard/", queue.review_dashboard, name="review_dashboard"),
    path("reviews/alarms/<uuid:pk>/", alarms.alarm, name="alarm"),
    path("reviews/<uuid:pk>/", reviews.review, name="review"),
    path("reviews/<uuid:pk>/claim/", reviews.review_claim, name="review_claim"),
    path("reviews/<uuid:pk>/approve/", reviews.review_approve, name="review_approve"),
    path("reviews/<uuid:pk>/undo/", reviews.review_undo, name="review_undo"),
    path("reviews/<uuid:pk>/reject/", reviews.review_reject, name="review_reject"),
]
