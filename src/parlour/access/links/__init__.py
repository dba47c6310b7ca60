"""Links by mail: whoever opens one shows that they read mail at its address."""
