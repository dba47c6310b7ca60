"""Programs: the tokens they come in with, and what each may do."""

from parlour.access.programs.ending import Concerned, EndingToken, TokenEndsSoon, ending_token, tell_of_ending_tokens

__all__ = ["Concerned", "EndingToken", "TokenEndsSoon", "ending_token", "tell_of_ending_tokens"]
