"""One file per step of the loop; prompts live in `prompts/*.md`."""
