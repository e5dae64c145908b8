"""Pages for print: data is set into a template of ours by Typst, in a process of its own."""
