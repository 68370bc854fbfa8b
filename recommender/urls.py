from django.urls import path

from recommender import api, views

urlpatterns = [
    path("", views.tip, name="tip"),
    path("answer/", views.answer, name="answer"),
]

api_urlpatterns = [
    path("recommend", api.RecommendView.as_view(), name="api_recommend"),
    path("feedback", api.FeedbackView.as_view(), name="api_feedback"),
]
