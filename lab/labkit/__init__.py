"""What lab/fetch, lab/run and lab/record share."""
