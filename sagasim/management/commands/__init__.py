"""What `manage.py` can do beyond what Django brings."""
