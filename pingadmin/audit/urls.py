from django.urls import path

from pingadmin.audit.export import views as export_views
from pingadmin.audit.integrity import views as integrity_views
from pingadmin.audit.log import pin_views, review_views, views

app_name = "audit"
urlpatterns = [
    path("", views.log, name="log"),
    path("integrity/", integrity_views.integrity, name="integrity"),
    path("integrity/check/", integrity_views.verify, name="verify"),
    path("<int:seq>/", views.entry, name="entry"),
    path("<int:seq>/review/", review_views.review, name="review"),
    path("counts/", review_views.counts, name="counts"),
    path("rows/", pin_views.rows, name="rows"),
    path("rows/<int:seq>/", pin_views.row_hash, name="row_hash"),
    path("export.csv", export_views.export_csv, name="export_csv"),
    path("export.jsonl", export_views.export_jsonl, name="export_jsonl"),
    path("verify.py", export_views.download_verifier, name="verifier"),
]
