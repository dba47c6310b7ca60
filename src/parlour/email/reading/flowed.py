"""Paragraphs out of `format=flowed` (RFC 3676)."""


def unflow(text: str, delete_space: bool) -> str:
    """Lines that end in a space are joined with the next one of the same depth of quotation."""
    lines: list[str] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        # Section 4.3: the line before a signature always ends.
        is_signature = words == "-- "
        if open_depth == depth and not is_signature:
            lines[-1] += words
        else:
            lines.append((">" * depth + " " if depth else "") + words)
        flows = words.endswith(" ") and not is_signature
        open_depth = depth if flows else None
        if flows and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line if line.endswith("-- ") else line.rstrip() for line in lines)
