from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "loopcare.common"
    label = "common"
