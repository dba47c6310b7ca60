"""Coming in at any HTTP door: which client it is, who it is, and what the browser is given to keep."""
