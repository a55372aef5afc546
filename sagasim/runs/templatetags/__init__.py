"""What templates can say about runs."""
