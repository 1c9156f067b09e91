from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "loopcare.embedded"
    label = "embedded"
