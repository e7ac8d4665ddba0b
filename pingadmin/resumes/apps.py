from django.apps import AppConfig


class ResumesConfig(AppConfig):
    name = "pingadmin.resumes"
    label = "resumes"
