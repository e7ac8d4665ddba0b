from django.urls import path

from pingadmin.audit import export_views, views

app_name = "audit"
urlpatterns = [
    path("", views.log, name="log"),
    path("<int:seq>/", views.story, name="story"),
    path("export.csv", export_views.as_csv, name="export_csv"),
    path("export.jsonl", export_views.as_jsonl, name="export_jsonl"),
    path("verify.py", export_views.verifier, name="verifier"),
]
