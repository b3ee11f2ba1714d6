"""What every package stands on: checks, files, run directories, names, plain values."""
