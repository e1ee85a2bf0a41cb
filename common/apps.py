from django.apps import AppConfig


class CommonConfig(AppConfig):
    """The shared kernel: errors, time, sealing, forms and API bases. It knows no noun of the product."""

    name = "common"
