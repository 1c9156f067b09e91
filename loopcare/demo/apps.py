from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "loopcare.demo"
    label = "demo"
