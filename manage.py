#!/usr/bin/env python
"""The command line of the project: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attune_project.settings")
    from django.core.management import execute_from_command_line

    from attune_project.env import SettingError
    from attune_project.keys import SecretError

    try:
        execute_from_command_line(sys.argv)
    except (SecretError, SettingError) as error:
        sys.exit(f"Attune does not start: {error}")


if __name__ == "__main__":
    main()
