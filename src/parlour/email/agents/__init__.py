"""Agents by mail: what they may write from their own mail program, and what they order."""

from parlour.email.agents.commands import Command, Orders, carry_out, read_orders
from parlour.email.agents.writing import may_pass_on, may_write, write

__all__ = ["Command", "Orders", "carry_out", "may_pass_on", "may_write", "read_orders", "write"]
