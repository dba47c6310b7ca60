"""Sessions: kept, listed, ended."""
