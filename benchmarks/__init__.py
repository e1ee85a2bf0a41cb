"""What `make bench` runs: the product against bare floors, on the same machine in the same run."""
