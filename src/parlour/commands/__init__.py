"""One file a command of `parlour`; each is imported only when it is called."""
