"""The whole mail engine: against real servers, through real worker processes, and while things break."""
