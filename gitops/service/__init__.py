"""What works by itself: the daemon, the hooks of a repository, systemd's units, the listener."""
