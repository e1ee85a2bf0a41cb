"""The demonstration family: invented people, believable weeks, written through the same use cases as the app."""
