"""Everything breaks while mail comes in and answers go out; in the end every single mail is looked for by content."""
