"""What ``sloop doctor`` tries, and what it says of each."""
