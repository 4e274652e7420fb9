"""sloop's units under a real systemd, which boots on a copy of this machine's files."""
