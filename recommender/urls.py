from django.urls import path

from recommender import api, views

urlpatterns = [
    path("", views.tip, name="tip"),
    path("answer/", views.answer, name="answer"),
    path("why/<uuid:decision_id>/", views.why, name="why"),
    path("still/<uuid:decision_id>/", views.still, name="still"),
    path("balance/", views.balance, name="balance"),
    path("undo/", views.take_back, name="undo"),
]

api_urlpatterns = [
    path("recommend", api.RecommendView.as_view(), name="api_recommend"),
    path("feedback", api.FeedbackView.as_view(), name="api_feedback"),
    path("why/<uuid:decision_id>", api.WhyView.as_view(), name="api_why"),
    path("feedback/<uuid:decision_id>", api.UndoView.as_view(), name="api_undo"),
]
